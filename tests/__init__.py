"""The same tree again, asked whether it means what it says."""
