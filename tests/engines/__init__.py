"""Engines beside the built-in one, asked what every command asks."""
