"""Slack: how asks come in from it, and how answers are shown in it."""
