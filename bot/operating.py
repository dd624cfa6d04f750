"""What operators type about a running deployment: its outbox, its backups, what it keeps, whom it forgets."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.errors import BadConfig
from bot import config as deployment
from bot.clock import wall
from bot.environment import environment

if TYPE_CHECKING:
    from bot.state import State

ConfigFile = Annotated[Path | None, typer.Option("--config", help="The deployment file; pitcrew.toml if there is one.")]
Sure = Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for scripts.")]

outbox = typer.Typer(no_args_is_help=True, help="Messages that wait, are in doubt, or were given up.")
audit = typer.Typer(no_args_is_help=True, help="Who asked what, and how it ended.")


def attach(app: typer.Typer) -> None:
    """Give the command line these commands."""
    app.add_typer(outbox, name="outbox")
    app.add_typer(audit, name="audit")
    app.command()(backup)
    app.command()(restore)
    app.command()(retention)
    app.command("forget-user")(forget_user)


@outbox.command("list")
def outbox_list(
    state: Annotated[str, typer.Option(help="pending | leased | failed | sent | superseded")] = "",
    config: ConfigFile = None,
    json_: AsJson = False,
) -> None:
    """List messages that are not delivered yet, or were given up, with the reason."""
    with _visited(config) as opened:
        found = opened.upkeep.waiting(state)
    if json_:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2, default=str, ensure_ascii=False))
        return
    for one in found:
        doubt = ", may have arrived" if one.unclear else ""
        tries = f", tried {one.attempt} times" if one.attempt else ""
        typer.echo(f"{one.id}\n    {one.state}{doubt}: {one.kind} to {one.lane}, due {one.due:%d %b %H:%M} UTC{tries}")
        if one.why:
            typer.echo(f"    {one.why}")
    typer.echo(f"{len(found)} messages.")


@outbox.command("resend")
def outbox_resend(
    message: Annotated[str, typer.Argument(help="Its id, as listed.")], config: ConfigFile = None
) -> None:
    """Deliver a message that was given up or is in doubt. In doubt, it may be seen twice."""
    with _visited(config) as opened:
        opened.upkeep.resend(message, _operator(), wall())
    typer.echo("It goes out again, in its turn.")


@outbox.command("drop")
def outbox_drop(message: Annotated[str, typer.Argument(help="Its id, as listed.")], config: ConfigFile = None) -> None:
    """Give a message up for good."""
    with _visited(config) as opened:
        opened.upkeep.drop(message, _operator(), wall())
    typer.echo("It is given up.")


@audit.command("export")
def audit_export(
    out: Annotated[Path | None, typer.Option(help="A file; standard output if not given.")] = None,
    format_: Annotated[str, typer.Option("--format", help="jsonl | csv")] = "jsonl",
    since: Annotated[str, typer.Option(help="From this day on, UTC.")] = "",
    until: Annotated[str, typer.Option(help="Up to this day, included.")] = "",
    config: ConfigFile = None,
) -> None:
    """Write the audit, one line an ask or click, the oldest first; in CSV nothing is ever a formula."""
    from bot.state.export import as_csv, as_jsonl

    forms = {"jsonl": as_jsonl, "csv": as_csv}
    if format_ not in forms:
        raise BadConfig(f"--format {format_}: there are {', '.join(forms)}")
    with _visited(config) as opened:
        text = forms[format_](opened.audit.between(_begin(since, time.min), _begin(until, time.max)))
    if out is None:
        typer.echo(text, nl=False)
        return
    out.touch(mode=0o600)
    out.write_text(text, "utf-8", newline="")
    typer.echo(f"The audit is in {out}.")


def backup(
    out: Annotated[Path, typer.Argument(help="A file that is not there yet.")], config: ConfigFile = None
) -> None:
    """Copy the state database while the bot runs, and read the copy from end to end."""
    from bot.state.backup import backup as copied

    with _visited(config) as opened:
        kept = copied(opened.database, out)
    typer.echo(f"{out} is a sound copy of {kept.said}.")


def restore(
    file: Annotated[Path, typer.Argument(help="What `pitcrew backup` wrote.")],
    verify: Annotated[bool, typer.Option("--verify", help="Only read it from end to end, and change nothing.")] = False,
    yes: Sure = False,
    config: ConfigFile = None,
) -> None:
    """Put a backup in the place of the state database; the bot must not be running."""
    from bot.state.backup import restore as put_back
    from bot.state.backup import verified
    from bot.wiring import state_url

    if verify:
        typer.echo(f"{file} is sound: {verified(file).said}.")
        return
    chosen = deployment.find(config, environment())
    if not yes:
        typer.confirm(f"Replace the state database by {file} ({verified(file).said})?", abort=True)
    kept = put_back(state_url(chosen), file, wall)
    typer.echo(f"The state database is now {kept.said}. `pitcrew db upgrade` brings an older schema up.")


def retention(config: ConfigFile = None) -> None:
    """Delete what is older than [retention] says; the bot does the same every night."""
    from bot.state.upkeep import Keeping

    chosen = deployment.find(config, environment())
    with _visited(config) as opened:
        gone = opened.upkeep.retain(Keeping(**chosen.retention.model_dump()), wall())
    told = ", ".join(f"{number:,} {name}" for name, number in sorted(gone.items()))
    typer.echo(f"Deleted: {told or 'nothing, all of it is young enough'}.")


def forget_user(
    person: Annotated[str, typer.Argument(help="Platform and user id, like slack:U0123.")],
    yes: Sure = False,
    config: ConfigFile = None,
) -> None:
    """Put a pseudonym in a person's place everywhere; it leads back to nobody, and cannot be undone."""
    if not yes:
        typer.confirm(f"Forget {person}? This cannot be undone.", abort=True)
    with _visited(config) as opened:
        pseudonym = opened.upkeep.forget(person, _operator(), wall())
    typer.echo(f"What they decided stands under {pseudonym}. Backups made before still name them.")


@contextmanager
def _visited(config: Path | None) -> Iterator[State]:
    """The state database of a deployment, beside the bot that runs on it."""
    from bot.wiring import state_of

    with state_of(deployment.find(config, environment()), wall, visiting=True) as opened:
        yield opened


def _operator() -> str:
    return f"terminal:{getpass.getuser()}"


def _begin(day: str, moment: time) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(day), moment, UTC) if day else None
    except ValueError:
        raise BadConfig(f"{day!r} is no date; write it like 2026-11-30") from None
