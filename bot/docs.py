"""Pages that are written by the code they describe; ``python -m bot.docs --check`` refuses stale ones."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.catalogue import BY_COMMAND, LEFT_OUT
from analysis.checks import discover as discover_checks
from bot import parity
from bot.config import Config
from commands.core.registry import Group
from commands.core.registry import discover as discover_commands
from commands.core.when import PERIODS
from providers.aws import permissions
from providers.azure import role
from providers.focus.quirks import TABLE as QUIRKS

FOLDER = Path("docs")
SCOPES = (
    "Every command that looks at cost takes the same scopes, in any order: `account=`, `service=`, `provider=`,"
    " `region=`, and any tag key (`team=search`); several values with commas, `team=none` for what has no tag. A name"
    " with a typo gets suggestions from the real ones. Periods are written as bare words:"
)


TEAMS = (
    "A team by its name: `people`, a list of e-mail addresses of which the first is asked first, and `channel`, a route"
    " (`slack:#search`) where its new findings go and where it is reminded."
)
CHECKS_INTRODUCTION = (
    "Each is priced from the billed rows of the resource itself, never from a list price: in cash, beside which stands"
    " what a commitment already pays for. Of two findings on the same rows the more expensive stays. What claims no"
    " saving is folded into one line under the list."
)


def commands_page() -> str:
    """Every command, as help tells it."""
    found = discover_commands()
    lines = [
        "# What may be asked",
        "",
        "Type `/finops` and one of these; or mention the bot, or write to it directly.",
        "",
    ]
    lines += ["## Scopes and periods", "", SCOPES, "", "| a period | means |", "|---|---|"]
    lines += [f"| `{words}` | {meaning} |" for words, meaning in PERIODS]
    lines += [""]
    for group in Group:
        lines += [f"## {group}", ""]
        for name in found:
            if found[name].group is group:
                lines += [f"### {name}", "", f"`/finops {found[name].usage}`", "", found[name].run.__doc__ or "", ""]
                lines += [f"- `/finops {example}`" for example in found[name].examples]
                lines += ["", f"Needs the {found[name].needs} permission.", ""]
    return _page(lines)


def checks_page() -> str:
    """Every check, with the catalogue ids it serves, its thresholds and where they come from."""
    found = discover_checks()
    lines = ["# The checks", "", CHECKS_INTRODUCTION, "", "| catalogue | is served by | |", "|---|---|---|"]
    rows = {row: (f"[{name}](#{name})", "") for name in found for row in found[name].serves}
    rows |= {row: (f"`/finops {command}`", says) for row, (command, says) in BY_COMMAND.items()}
    rows |= {row: ("left out", why) for row, why in LEFT_OUT.items()}
    lines += [*(f"| {row} | {by} | {says} |" for row, (by, says) in sorted(rows.items())), ""]
    for name in found:
        settings = "".join(f"- `{key} = {value}`\n" for key, value in found[name].thresholds.items())
        lines += [f"## {name}", "", f"Serves {', '.join(found[name].serves)}.", "", found[name].doc, ""]
        lines += [f"Settings under `[checks.{name}]`:", "", settings]
    return _page(lines)


def config_page() -> str:
    """Every key of the deployment file."""
    schema = Config.model_json_schema()
    lines = ["# The deployment file", "", "One TOML file, `pitcrew.toml`; `pitcrew.example.toml` is a whole one.", ""]
    for key, what in schema["properties"].items():
        many = "[[{}]]" if what.get("type") == "array" else "[{}]"
        named = re.findall(r"#/\$defs/(\w+)", json.dumps(what.get("$ref") or what.get("items") or {}))
        for name in dict.fromkeys(named):  # a choice of several names each twice
            section = schema["$defs"][name]
            rows = [_row(inner, said) for inner, said in section.get("properties", {}).items()]
            kind = section.get("properties", {}).get("kind", {}).get("const", "")
            lines += [f"## {many.format(key)}{f', kind = {kind}' if kind else ''}", ""]
            lines += [section.get("description", ""), ""]
            lines += ["| key | kind | default | |", "|---|---|---|---|", *rows, ""]
    lines += ["## [owners.teams.…]", "", TEAMS, ""]
    lines += ["## [checks.…]", "", "A check's own thresholds: [checks.md](checks.md) lists them.", ""]
    lines += [
        "## [personas]",
        "",
        "A persona's name, and the list of routes (`slack:#channel`) where its views go.",
        "",
    ]
    lines += [
        "## [roles]",
        "",
        "A user (`slack:U0123`), a group (`slack-group:S0123`, `entra-group:<object id>`) or `*`, and the permissions:"
        " `read`, `act`, `admin`. The first that fits decides.",
        "",
    ]
    return _page(lines)


def quirks_page() -> str:
    """What providers' FOCUS files really hold, and what the reader makes of it."""
    lines = ["# FOCUS as providers write it", "", "| where | what they write | what we read |", "|---|---|---|"]
    lines += [f"| {quirk.where} | {quirk.seen} | {quirk.read_as} |" for quirk in QUIRKS]
    return _page([*lines, ""])


def parity_page() -> str:
    """What Slack, Teams and the page do, and where one of them does not, why."""
    lines = [
        "# Slack, Teams and the page",
        "",
        "Made from the code (`bot/parity.py`); what is not `full` says why.",
        "",
    ]
    for heading, rows in parity.tables():
        lines += [f"## {heading}", "", f"| | {' | '.join(parity.PLATFORMS)} | |", "|---|---|---|---|---|"]
        lines += [f"| {row.what} | {' | '.join(row.cells)} | {row.note} |" for row in rows] + [""]
    return _page(lines)


def _json(said: Mapping[str, Any]) -> str:
    return json.dumps(said, indent=2) + "\n"


AWS = Path("deploy/aws")
POLICIES = {
    AWS / "hub-policy.json": lambda: _json(permissions.policy(hub=True)),
    AWS / "member-policy.json": lambda: _json(permissions.policy(hub=False)),
    AWS / "hub-role.cloudformation.json": lambda: _json(permissions.template(hub=True)),
    AWS / "member-role.cloudformation.json": lambda: _json(permissions.template(hub=False)),
    Path("deploy/azure/role.json"): lambda: _json(role.definition()),
}
PAGES = {
    "commands.md": commands_page,
    "checks.md": checks_page,
    "config.md": config_page,
    "focus.md": quirks_page,
    "parity.md": parity_page,
}


def main() -> None:
    """Write the pages, or check that they are what would be written."""
    stale = []
    for path, page in ({FOLDER / name: page for name, page in PAGES.items()} | POLICIES).items():
        text = page()
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            stale.append(str(path))
    if stale:
        sys.exit(f"stale: {', '.join(stale)}; write them anew with `make docs`")


def _row(key: str, what: dict[str, Any]) -> str:
    default = json.dumps(what["default"]) if "default" in what else "needed"
    return f"| `{key}` | {_kind(what)} | {default} | {what.get('description', '')} |"


def _kind(what: dict[str, Any]) -> str:
    if "const" in what:
        return f"`{what['const']}`"
    if "enum" in what:
        return " or ".join(f"`{one}`" for one in what["enum"])
    kinds = [one.get("type") for one in what.get("anyOf", [what])]
    return " or ".join(kind or "number" for kind in kinds if kind != "null")


def _page(lines: list[str]) -> str:
    words = "\n".join(lines)
    return "\n".join(line.removeprefix("    ").rstrip() for line in words.splitlines()).rstrip() + "\n"


if __name__ == "__main__":
    main()
