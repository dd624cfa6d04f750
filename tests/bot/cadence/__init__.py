"""Tests of the cadence."""
