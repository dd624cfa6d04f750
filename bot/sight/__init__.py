"""Sight: how the company looks to somebody who may not see all of it; what is hidden reads like what does not exist."""
