"""``pitcrew``: everything an operator, a script or a curious newcomer types in a shell."""

from __future__ import annotations

import gc
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.errors import BadConfig, FinOpsError
from bot import config as deployment
from bot.clock import Clock, stopped_at, wall
from bot.environment import environment
from bot.garbage import rarely
from bot.log import configure
from bot.operating import attach
from commands.core.answer import Answer
from providers.provider import Progress

if TYPE_CHECKING:
    from bot.series_file import Told

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False, help=__doc__
)
config_app = typer.Typer(no_args_is_help=True, help="The deployment file.")
db_app = typer.Typer(no_args_is_help=True, help="The state database.")
app.add_typer(config_app, name="config")
app.add_typer(db_app, name="db")
teams_app = typer.Typer(no_args_is_help=True, help="Microsoft Teams.")
app.add_typer(teams_app, name="teams")
attach(app)

ConfigFile = Annotated[Path | None, typer.Option("--config", help="The deployment file; pitcrew.toml if there is one.")]
Now = Annotated[str, typer.Option("--now", help="Answer as of this moment (ISO 8601), for scripts and tests.")]
FORMATS = ("text", "json", "slack", "teams")


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="What you would type after /finops.")],
    as_: Annotated[str, typer.Option("--as", help="A persona, or a user's name.")] = "you",
    format_: Annotated[str, typer.Option("--format", help=" | ".join(FORMATS))] = "text",
    out: Annotated[Path, typer.Option(help="Where pictures and documents are written.")] = Path("pitcrew-out"),
    config: ConfigFile = None,
    now: Now = "",
) -> None:
    """Ask once, as if it were typed in the chat. Without a deployment file the sample company answers."""
    if format_ not in FORMATS:
        raise BadConfig(f"--format {format_}: there are {', '.join(FORMATS)}")
    from bot.terminal import write_files
    from bot.wiring import assembled

    clock = _clock(now)
    with (
        _progress(quiet=format_ != "text") as progress,
        assembled(_find(config, format_), clock, progress=progress) as crew,
        rarely(),
    ):
        if not crew.state.runs.last():
            crew.assessor.fresh(clock())
        said = crew.typed(text, as_)
    _print(said, format_, write_files(said, out))
    if "error" in said.data:
        raise typer.Exit(1)


@app.command()
def assess(
    config: ConfigFile = None, format_: Annotated[str, typer.Option("--format")] = "text", now: Now = ""
) -> None:
    """Load new billed rows, look at everything, and say what is new."""
    from bot.terminal import write_files
    from bot.wiring import assembled

    clock = _clock(now)
    with (
        _progress(quiet=format_ != "text") as progress,
        assembled(_find(config, format_), clock, progress=progress) as crew,
        rarely(),
    ):
        said = crew.typed("assess", "you")
    _print(said, format_, write_files(said, Path("pitcrew-out")))
    if "error" in said.data:
        raise typer.Exit(1)


@app.command()
def demo(  # noqa: PLR0913, PLR0917 (its options)
    terminal: Annotated[bool, typer.Option("--terminal", help="Stay in the terminal, with a prompt.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Show the views in the terminal and end.")] = False,
    out: Annotated[Path, typer.Option(help="Where the sample company and the pictures are kept.")] = Path(
        "pitcrew-demo"
    ),
    host: Annotated[str, typer.Option(help="The page's address.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The page's port; 0 for any.")] = None,
    others: Annotated[bool, typer.Option("--allow-others", help="Let other machines reach the page.")] = False,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser, if there is one.")] = True,
    now: Now = "",
) -> None:
    """Meet Pitcrew without any account: the sample company's chat as a page on this machine, with a clock to move."""
    if not terminal and not once:
        from bot.web.demo import Address
        from bot.web.demo import run as run_page

        configure(json=False, least=logging.WARNING)
        address = Address(host, port, others=others)
        run_page(wall, out, address, moment=_moment(now), browse=browse, say=lambda said: typer.echo(said, err=True))
        return
    from bot.demo import run

    with _progress(quiet=False) as progress:
        run(_clock(now), out, once=once, progress=progress)


@app.command()
def serve(
    config: ConfigFile = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Run on the sample company, with nothing but the tokens.")
    ] = False,
    playground: Annotated[
        bool,
        typer.Option("--playground", help="Let Microsoft 365 Agents Playground on this machine in, without any token."),
    ] = False,
) -> None:
    """Run the bot: Slack and Teams in, Slack and Teams out, the clock in between. Ends cleanly on SIGTERM."""
    gc.disable()  # until it is ready
    from bot.serve import main as serve_main

    environ = environment()
    chosen = deployment.sample_config(environ) if sample else deployment.find(config, environ)
    serve_main(chosen, wall, environ, playground=playground)


@app.command()
def sample(
    out: Annotated[Path, typer.Option(help="A folder to write.")] = Path("pitcrew-sample"),
    seed: Annotated[int, typer.Option(help="The same seed makes the same company.")] = 1,
    months: Annotated[int, typer.Option(min=2, max=60, help="Months of history.")] = 13,
    scale: Annotated[int, typer.Option(min=1, max=1000, help="How many times the usual number of resources.")] = 1,
    as_of: Annotated[str, typer.Option(help="The day after the last billed one; today if not given.")] = "",
) -> None:
    """Write the sample company: FOCUS files of two clouds, inventory, budgets, drivers and the planted truths."""
    from providers.sample.write import write

    day = date.fromisoformat(as_of) if as_of else wall().date()
    with _progress(quiet=False) as progress:
        written = write(out, seed=seed, months=months, scale=scale, as_of=day, progress=progress)
    typer.echo(f"The sample company is in {written.root}; what was planted is in {written.root / 'truths.json'}.")


SeriesFile = Annotated[Path, typer.Argument(help="A CSV (may be gzipped) with the columns series, date, value.")]
TextOrJson = Annotated[str, typer.Option("--format", help="text | json")]


@app.command(name="forecast-file")
def forecast_file(
    path: SeriesFile,
    as_of: Annotated[str, typer.Option(help="Forecast from this day on; the day after the last if not given.")] = "",
    format_: TextOrJson = "text",
    backtest: Annotated[int, typer.Option(min=0, max=24, help="Score so many earlier months instead.")] = 0,
    currency: Annotated[str, typer.Option(help="What the values are in, for the text.")] = "",
) -> None:
    """Forecast any daily series: the month's end and the next three months, with their 80 and 95% ranges."""
    from bot import series_file

    book, day = series_file.read(path), _date(as_of, "--as-of")
    if backtest:
        typer.echo(json.dumps(series_file.backtest(book, day, backtest), indent=2))
        return
    _tell(series_file.foretold(book, day), format_, currency)


@app.command(name="anomalies-file")
def anomalies_file(
    path: SeriesFile,
    since: Annotated[str, typer.Option("--from", help="Events that begin on this day or later.")] = "",
    until: Annotated[str, typer.Option("--to", help="What is known: up to this day, included.")] = "",
    threshold: Annotated[float, typer.Option(min=1.0, max=50.0, help="How far off a day must be, in sigmas.")] = 5.0,
    format_: TextOrJson = "text",
) -> None:
    """Find the anomalies of any daily series: spikes, dips, steps and ramps, with their impact."""
    from bot import series_file

    _tell(series_file.watched(series_file.read(path), _date(since, "--from"), _date(until, "--to"), threshold), format_)


def _tell(told: Told, format_: str, currency: str = "") -> None:
    from bot import series_file

    if format_ == "json":
        typer.echo(json.dumps(told.data(), indent=2, ensure_ascii=False))
        return
    for line in series_file.as_text(told, currency):
        typer.echo(line)


def _date(text: str, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadConfig(f"{option} {text!r} is no date; write it like 2026-05-20") from None


@app.command()
def checks(format_: Annotated[str, typer.Option("--format", help="text | json")] = "text") -> None:
    """List every check with the catalogue ids it serves and its thresholds."""
    from analysis.checks import discover

    found = discover()
    listed = [
        {
            "name": name,
            "serves": list(found[name].serves),
            "thresholds": found[name].thresholds,
            "about": found[name].doc,
        }
        for name in found
    ]
    if format_ == "json":
        typer.echo(json.dumps(listed, indent=2))
        return
    for one in listed:
        settings = ", ".join(f"{key}={value}" for key, value in found[str(one["name"])].thresholds.items())
        typer.echo(f"{one['name']}  ({', '.join(found[str(one['name'])].serves)})\n    {settings}\n")


@app.command()
def doctor(
    part: Annotated[str, typer.Argument(help="One part (azure, slack, state …); all of them if not given.")] = "",
    config: ConfigFile = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON list, for scripts.")] = False,
    now: Now = "",
) -> None:
    """Look at everything outside that the deployment needs. Ends with 0 (all is well), 1 (warnings) or 2 (failures)."""
    from bot import doctor as examining

    environ = environment()
    patient = examining.Patient(deployment.find(config, environ), environ, _clock(now))
    found = []
    for name, seen in examining.examined(patient, part):
        found.append((name, seen))
        if not json_:
            typer.echo(
                f"{seen.level:4}  {name}: {seen.what.removeprefix(f'{name}: ')}"
                + (f"\n      {seen.remedy}" if seen.remedy else "")
            )
    if json_:
        rows = [{"part": name, "level": one.level, "what": one.what, "remedy": one.remedy} for name, one in found]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    raise typer.Exit(examining.verdict(one.level for _, one in found))


@app.command("help")
def help_(context: typer.Context) -> None:
    """Say what this command line can do; `pitcrew ask help` says what may be asked in the chat."""
    if context.parent is not None:
        typer.echo(context.parent.get_help())
    typer.echo("What may be asked in the chat: pitcrew ask help")


@config_app.command("check")
def config_check(config: ConfigFile = None) -> None:
    """Read the deployment file as the bot would, and say what is wrong with it."""
    chosen = deployment.find(config, environment())
    source = "the sample company's defaults" if config is None and chosen.sample else str(config or "pitcrew.toml")
    typer.echo(f"{source}: all right. {len(chosen.providers)} providers, {len(chosen.schedules)} schedules.")


@config_app.command("schema")
def config_schema() -> None:
    """Print the JSON schema of the deployment file."""
    typer.echo(json.dumps(deployment.Config.model_json_schema(), indent=2))


@teams_app.command("package")
def teams_package(
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("pitcrew-teams.zip"), config: ConfigFile = None
) -> None:
    """Write the app package that is uploaded to Teams: the manifest of this deployment, and its icons."""
    from bot.teams.package import build

    out.write_bytes(build(deployment.find(config, environment())))
    typer.echo(f"{out} is written; in Teams: Apps, Manage your apps, Upload an app.")


@db_app.command("upgrade")
def db_upgrade(config: ConfigFile = None) -> None:
    """Bring the state database to the newest schema."""
    from bot.wiring import state_of

    with state_of(deployment.find(config, environment()), wall, upgrade=True) as state:
        typer.echo(f"The state database is at {state.revision}.")


@db_app.command("check")
def db_check(config: ConfigFile = None) -> None:
    """Say whether the state database is at the newest schema."""
    from bot.wiring import state_of

    with state_of(deployment.find(config, environment()), wall, upgrade=False) as state:
        typer.echo(f"The state database is at {state.revision}, as it should be.")


def _find(config: Path | None, format_: str) -> deployment.Config:
    chosen = deployment.find(config, environment())
    if chosen.sample and format_ == "text":
        typer.echo("No deployment file here: these are the sample company's figures.", err=True)
    return chosen


def _clock(now: str) -> Clock:
    moment = _moment(now)
    return stopped_at(moment) if moment else wall


def _moment(now: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(now) if now else None
    except ValueError:
        raise BadConfig(f"--now {now!r} is no moment; write it like 2026-11-23T09:00") from None
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    if quiet or not sys.stderr.isatty():
        yield lambda _share, _what: None
        return
    columns = (TextColumn("{task.description:<40}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda share, what: bar.update(task, completed=share, description=what)


def _print(said: Answer, format_: str, files: dict[str, Path]) -> None:
    match format_:
        case "json":
            from bot.figures import as_json

            typer.echo(as_json(said, files))
        case "slack":
            from bot.slack.render import render

            typer.echo(json.dumps(render(said), indent=2, ensure_ascii=False))
        case "teams":
            from bot.teams.render import card

            typer.echo(json.dumps(card(said), indent=2, ensure_ascii=False))
        case _:
            from rich.console import Console

            from bot.terminal import show

            show(Console(), said, files)


def main() -> None:
    """Run the command line; what a person should be told is told on one line, without a traceback."""
    configure(json=False)
    try:
        app()
    except FinOpsError as error:
        typer.echo(f"pitcrew: {error}", err=True)
        sys.exit(1)
