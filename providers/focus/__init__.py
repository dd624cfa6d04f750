"""FOCUS files of anybody: found, read, normalised, and quarantined row by row where they must be."""

from providers.focus.local import local
from providers.focus.provider import FocusProvider

__all__ = ["FocusProvider", "local"]
