"""The demo: a company that does not exist, shown to people who want to see before they believe."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.rule import Rule

from bot import config as deployment
from bot.clock import Clock
from bot.terminal import show, write_files
from bot.wiring import Crew, assembled
from commands.core.answer import Answer, Button
from providers.provider import Progress

VIEWS = (
    ("#exec-cloud", "leadership"),
    ("#finops-finance", "finance"),
    ("#product-cost", "product"),
    ("#finops", "practitioner"),
    ("#platform", "engineering"),
)
BYE = ("exit", "quit", "q")


def run(clock: Clock, out: Path, *, once: bool, progress: Progress) -> None:
    """Make the company (once), assess it, show each persona's view; then answer at a prompt, unless ``once``."""
    console = Console()
    raw = {
        "data": {"folder": str(out)},
        "providers": [{"kind": "sample"}],
        "roles": {"*": ["read", "act"]},
    }
    config = deployment.parse(raw, lambda _: "demo")
    with assembled(config, clock, progress=progress) as crew:
        found, _ = crew.assessor.fresh(clock())
        console.print(Rule("Apex Outfitters, a company that does not exist, as Pitcrew sees it this morning"))
        buttons: list[Button] = []
        for channel, persona in VIEWS:
            console.print()
            console.print(Rule(f"{channel}", align="left", style="dim"))
            said = crew.typed(f"summary {persona}", persona)
            buttons += _show(console, said, out, numbered=len(buttons) + 1)
        finding = max(found.to_do, key=lambda one: one.monthly_waste.amount)
        console.print(Rule("the finding that would save most, as its team gets it", align="left", style="dim"))
        buttons += _show(console, crew.typed(f"finding {finding.short}", "you"), out, numbered=len(buttons) + 1)
        console.print(Rule("/finops forecast", align="left", style="dim"))
        buttons += _show(console, crew.typed("forecast", "you"), out, numbered=len(buttons) + 1)
        console.print(
            f"\nPictures are in [bold]{out / 'pictures'}[/]. Nothing left this machine; no account was touched."
        )
        if not once:
            _prompt(console, crew, out, buttons)


def _prompt(console: Console, crew: Crew, out: Path, buttons: list[Button]) -> None:
    console.print("Type as in the chat, or a button's number; [bold]help[/] lists everything, [bold]exit[/] ends.")
    while True:
        try:
            text = console.input("\n[bold]/finops[/] ").strip()
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if text.lower() in BYE:
            return
        if text.isdigit() and 1 <= int(text) <= len(buttons):
            text = buttons[int(text) - 1].ask
            console.print(f"[dim]→ {text}[/]")
        elif text.isdigit():
            console.print(f"There is no button {text}; the last answer's are numbered 1 to {len(buttons)}.")
            continue
        buttons = _show(console, crew.typed(text, "you"), out, numbered=1) or buttons


def _show(console: Console, said: Answer, out: Path, *, numbered: int) -> list[Button]:
    return show(console, said, write_files(said, out / "pictures"), numbered=numbered)
