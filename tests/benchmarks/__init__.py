"""The benchmarks' own arithmetic, and one of them in small."""
