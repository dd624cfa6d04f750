"""The few words of Helm's templates that our chart uses, so that it can be tried where there is no Helm."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import yaml  # type: ignore[import-untyped]


def rendered(template: str, values: Mapping[str, Any], release: str = "pitcrew") -> list[dict[str, Any]]:
    """The Kubernetes objects that a template makes."""
    text = _block(_tokens(template), {"Values": values, "Release": {"Name": release}})
    return [one for one in yaml.safe_load_all(text) if one]


def _tokens(template: str) -> list[str | tuple[str]]:
    """Text and, as one-tuples, what stands between braces; ``{{-`` eats the space before it."""
    found: list[str | tuple[str]] = []
    at = 0
    for tag in re.finditer(r"\{\{(-?)\s*(.*?)\s*(-?)\}\}", template):
        text = template[at : tag.start()]
        found += [text.rstrip() if tag[1] else text, (tag[2],)]
        at = tag.end()
    return [*found, template[at:]]


def _block(tokens: list[str | tuple[str]], known: Mapping[str, Any]) -> str:
    """Everything up to the matching end, with its conditions decided."""
    out, shown = [], [True]
    for token in tokens:
        if isinstance(token, str):
            out.append(token if all(shown) else "")
        elif token[0].startswith("if "):
            shown.append(bool(_value(token[0].removeprefix("if "), known)))
        elif token[0] == "else":
            shown[-1] = not shown[-1]
        elif token[0] == "end":
            shown.pop()
        elif all(shown):
            out.append(_piped(token[0], known))
    assert shown == [True], "an if without its end"
    return "".join(out)


def _piped(words: str, known: Mapping[str, Any]) -> str:
    first, *rest = [part.strip() for part in words.split("|")]
    value = _value(first, known)
    text = value if isinstance(value, str) else str(value)
    for part in rest:
        if part == "sha256sum":
            text = sha256(text.encode()).hexdigest()
            continue
        name, number = part.split()
        assert name == "nindent", f"{name} is none of the words that we know"
        text = "\n" + "\n".join(" " * int(number) + line for line in text.rstrip("\n").splitlines())
    return text


def _value(words: str, known: Mapping[str, Any]) -> Any:
    if words.startswith("toYaml "):
        return yaml.safe_dump(_value(words.removeprefix("toYaml "), known), default_flow_style=False)
    if words.startswith("eq "):
        _, name, wanted = words.split()
        return _value(name, known) == wanted.strip('"')
    assert re.fullmatch(r"(\.\w+)+", words), f"{words} is nothing that we know"
    found: Any = known
    for name in words.strip(".").split("."):
        found = found[name]
    return found
