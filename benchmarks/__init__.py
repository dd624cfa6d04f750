"""Performance claims, as scripts: each prints ratios against a named peer in one run."""
