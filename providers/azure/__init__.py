"""Microsoft Azure, as Pitcrew sees it."""
