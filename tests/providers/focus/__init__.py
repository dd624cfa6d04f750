"""Tests of the FOCUS reader."""
