"""Delivery: from an answer to messages that arrive, each once."""
