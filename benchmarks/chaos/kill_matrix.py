"""R3: killed in each of nine phases of a message's life, at a place that a seed chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from benchmarks.chaos.deadly import AFTER, BEFORE, DeadlySlack, DeadlyTeams, Doom
from benchmarks.chaos.life import Death, Orders, lived
from benchmarks.chaos.trial import MIGRATING, Ground, Outcome
from bot.clock import wall
from bot.state.database import MIGRATIONS, Database
from tests.fake_teams import TEAM, Talk

CHANNELS = 3
AT_ONCE = 6
WAITS: Mapping[str, Mapping[str, float]] = {
    "slack": {"lease_seconds": 3.0, "http_seconds": 1.4},
    "teams": {"lease_seconds": 6.0, "http_seconds": 5.0},  # a busy machine's time-out is no kill, and is unclear too
}
FIRST = Path(__file__).parents[2] / "tests/data/state_0001.sql"
KEPT = ("finding", "history", "audit", "run", "fire")  # tables whose rows an upgrade is tried with


@dataclass(frozen=True, slots=True)
class Phase:
    """Where it is killed: in a port of ours, or by the platform while it does a ``call``."""

    name: str
    port: str = ""
    method: str = ""
    when: str = ""
    call: str = ""
    most: int = CHANNELS

    def death(self, chosen: Random) -> Death | None:
        """In a port, at the call that chance has chosen."""
        number = chosen.randint(1, self.most)
        return Death(self.port, self.method, self.when, number) if self.port else None

    def doom(self, platform: str, chosen: Random) -> Doom:
        """By the platform, at the call that chance has chosen."""
        number, when = chosen.randint(1, self.most), self.when or chosen.choice((BEFORE, AFTER))
        wanted = {"post": "chat.postMessage", "edit": "chat.update"}.get(self.call, "")
        wanted = wanted if platform == "slack" else self.call
        return lambda call, made: when if (call, made) == (wanted, number) else ""


PHASES = (
    Phase("planned", "fires", "fire", AFTER),
    Phase("claimed", "inbox", "take", AFTER),
    Phase("answered, before its commit", "inbox", "done", BEFORE),
    Phase("leased", "outbox", "lease", AFTER, most=2),
    Phase("before it was taken", call="post", when=BEFORE),
    Phase("after it was taken", call="post", when=AFTER),
    Phase("after 200, before its commit", "outbox", "sent", BEFORE),
    Phase("during an edit", call="edit"),
    Phase("during the migration", "migration", most=60),
)


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of one run."""

    lost: int
    repeated: int
    held: int
    kills: int


async def kill_matrix(ground: Ground, *, platform: str = "slack", seeds: int = 10) -> Outcome:
    """Three messages and an edit of each; one kill, and whoever is begun after it brings them to their end."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(phase: Phase, seed: int) -> Ended:
        async with room:
            return await _run(ground, platform, phase, Random(f"{phase.name} {seed}"))  # noqa: S311 (repeatable)

    async with asyncio.TaskGroup() as together:
        runs = [together.create_task(one(phase, seed)) for phase in PHASES for seed in range(seeds)]
    ended = [run.result() for run in runs]
    lost, repeated = sum(one.lost for one in ended), sum(one.repeated for one in ended)
    held, kills = sum(one.held for one in ended), sum(one.kills for one in ended)
    killed = f"{len(PHASES)} phases × {seeds} seeds, {kills} SIGKILLs"
    met = lost == repeated == 0 and kills == len(runs)
    if platform == "slack":
        return Outcome("0 lost, 0 repeated", f"{lost} lost, {repeated} repeated; {killed}", met and not held)
    most = max(one.held for one in ended)
    return Outcome(
        "0 lost, 0 repeated, at most 1 unclear a kill",
        f"{lost} lost, {repeated} repeated, {held} unclear, {most} at most of one kill; {killed}",
        met and all(one.held <= one.kills for one in ended),
    )


async def _run(ground: Ground, platform: str, phase: Phase, chosen: Random) -> Ended:
    folder = ground.place()
    migrating = phase.port == "migration"
    url = ground.empty(folder) if migrating else ground.ready(folder)
    before = await asyncio.to_thread(_at_the_first_schema, url) if migrating else {}
    far: Any = DeadlySlack if platform == "slack" else DeadlyTeams
    async with far.running() as there:
        if phase.call:
            there.doom = phase.doom(platform, chosen)
        orders = Orders(url, platform, there.url, CHANNELS, 1, edit=True, death=phase.death(chosen), **WAITS[platform])
        for name in orders.names:
            if platform == "slack":
                there.channel(name, name.lower())
            else:
                there.talks[name] = Talk(name, "channel", name, TEAM, "Cloud")
        lives = await lived(orders, there.lives)
        said = {name: there.ours(name) if platform == "slack" else there.messages(name) for name in orders.names}
    return await asyncio.to_thread(_ended, url, said, lives - 1, before)


def _ended(url: str, said: Mapping[str, Sequence[Mapping[str, Any]]], kills: int, before: Mapping[str, int]) -> Ended:
    """What is not there, or was not edited, is lost, unless it is held for a person to decide."""
    database = Database(url, wall, visiting=True)
    try:
        with database.reading() as connection:
            held = connection.execute(sa.text("SELECT count(*) FROM outbox WHERE state = 'held'")).scalar_one()
            gone = sum(rows > connection.execute(_count(table)).scalar_one() for table, rows in before.items())
    finally:
        database.close()
    edited = sum(bool(one.get("edited") or one.get("_edits")) for messages in said.values() for one in messages)
    repeated = sum(max(0, len(messages) - 1) for messages in said.values())
    return Ended(gone + max(0, len(said) - edited - held), repeated, held, kills)


def _count(table: str) -> sa.TextClause:
    return sa.text(f'SELECT count(*) FROM "{table}"')


def _at_the_first_schema(url: str) -> dict[str, int]:
    """Make a database as the first version left it, with rows; how many those are."""
    database = Database(url, wall, visiting=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        with MIGRATING, database._begun() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0001")
            for statement in FIRST.read_text().split(";\n"):
                if statement.split()[2:3] and statement.split()[2] in KEPT:
                    connection.exec_driver_sql(statement)
            return {table: connection.execute(_count(table)).scalar_one() for table in KEPT}
    finally:
        database.close()
