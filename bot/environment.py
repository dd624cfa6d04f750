"""What the process's environment says: settings that lie on top of the deployment file's, and secrets."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.checks import discover as discover_checks
from analysis.errors import BadConfig

ENVIRONMENT = "PITCREW_"


def overridden(raw: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The file's values with those of the environment on top; ``__`` goes one level down, lists by number."""
    out: dict[str, Any] = _copied(raw)
    for variable in sorted(environ):
        if not variable.startswith(ENVIRONMENT) or "__" not in variable:
            continue
        *path, last = variable.removeprefix(ENVIRONMENT).lower().split("__")
        target: Any = out
        for step in path:
            target = _step(target, step, variable)
        if isinstance(target, list):
            raise BadConfig(f"{variable}: a list's entries are set one key at a time, like {variable}__KEY")
        target[_present(target, last)] = _value(environ[variable])
    return out


def _copied(value: Any) -> Any:  # noqa: ANN401 (whatever TOML holds)
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _step(target: Any, step: str, variable: str) -> Any:  # noqa: ANN401 (a table or a list)
    if isinstance(target, list):
        if not step.isdigit() or int(step) >= len(target):
            raise BadConfig(f"{variable}: there is no entry {step!r}; entries are counted from 0 to {len(target) - 1}")
        return target[int(step)]
    inner = target.setdefault(_present(target, step), {})
    if not isinstance(inner, dict | list):
        raise BadConfig(f"{variable}: {step} is a value, nothing can be set inside it")
    return inner


def _present(table: Mapping[str, Any], name: str) -> str:
    """The key as the file writes it: the environment knows neither capitals nor hyphens."""
    known = [*table, *(discover_checks())]
    return next((key for key in known if key.lower().replace("-", "_") == name), name)


def _value(text: str) -> Any:  # noqa: ANN401
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def secret(name: str, environ: Mapping[str, str]) -> str:
    """A secret from the environment, or from the file that ``<name>_FILE`` names; empty if there is neither.

    Raises:
        BadConfig: the file cannot be read.
    """
    if value := environ.get(name, "").strip():
        return value
    if not (path := environ.get(f"{name}_FILE", "")):
        return ""
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise BadConfig(f"{name}_FILE: {path} cannot be read ({error.strerror})") from None


def environment() -> Mapping[str, str]:
    """The process's environment: read here and nowhere else."""
    return os.environ
