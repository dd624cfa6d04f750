"""Tests of Teams."""
