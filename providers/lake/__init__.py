"""The lake: billed rows, kept as Parquet by billing account and period, and asked through Ibis."""

from providers.lake.lake import Lake
from providers.lake.load import Loaded

__all__ = ["Lake", "Loaded"]
