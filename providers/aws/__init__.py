"""Amazon Web Services, as Pitcrew sees it."""
