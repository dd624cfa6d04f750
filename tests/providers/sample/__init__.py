"""The sample company: thirteen months of two clouds with planted truths."""
