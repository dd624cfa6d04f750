"""One assessment, a view for each persona: a name, a file, no class."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import commands.personas
from analysis.assessment import Assessment
from analysis.registry import Registry
from commands.core.answer import Answer
from commands.core.report import Report

View: TypeAlias = Callable[[Assessment, Report], Answer]

PERSONAS: Registry[View] = Registry("persona")


def persona(name: str) -> Callable[[View], View]:
    """Register a function as the view of the persona ``name``."""
    return PERSONAS.named(name)


def discover() -> Registry[View]:
    """Every persona that is shipped."""
    PERSONAS.discover(commands.personas)
    return PERSONAS
