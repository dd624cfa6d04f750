"""Whether the state database is there, whole, at the schema of this version, and what waits in it for a decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from analysis.errors import FinOpsError
from bot.doctor import Level, Patient, Seen, probe

if TYPE_CHECKING:
    from bot.state import State

MANY = 5  # messages that are named one by one


@probe("state")
def state(patient: Patient) -> Iterator[Seen]:
    """The state database, opened beside the bot that may run on it, without changing it."""
    from bot.wiring import state_of

    config = patient.config
    if config.state.url == "sqlite" and not (config.data.folder / "state.db").exists():
        yield Seen(Level.OK, f"no state database yet: the first start makes it in {config.data.folder}")
        return
    try:
        with state_of(config, patient.clock, visiting=True) as opened:
            yield Seen(Level.OK, f"the state database is at {opened.revision}")
            if opened.database.is_sqlite:
                yield _whole(opened)
            yield from _undecided(opened)
    except FinOpsError as error:
        yield Seen(Level.FAIL, str(error), "`pitcrew db upgrade` brings an older one up")


def _whole(opened: State) -> Seen:
    with opened.database.reading() as connection:
        said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    if said != "ok":
        return Seen(Level.FAIL, f"the state database is damaged: {said}", "stop the bot, `pitcrew restore` a backup")
    return Seen(Level.OK, f"SQLite is whole, its journal is {mode}; one process serves it, several need PostgreSQL")


def _undecided(opened: State) -> Iterator[Seen]:
    """Messages in doubt and given up, each with what is to be done."""
    found = [one for one in opened.upkeep.waiting() if one.unclear or one.state in ("held", "failed")]
    doubtful = [one for one in found if one.state != "failed"]
    if not found:
        yield Seen(Level.OK, "no message is in doubt, and none was given up")
        return
    if doubtful:
        ids = ", ".join(one.id for one in doubtful[:MANY])
        yield Seen(
            Level.WARN,
            f"{len(doubtful)} messages may have arrived, or not: {ids}",
            "look into the channel, then `pitcrew outbox resend ID` or `pitcrew outbox drop ID`",
        )
    if lost := [one for one in found if one.state == "failed"]:
        why = "; ".join(f"{one.id}: {one.why}" for one in lost[-MANY:])
        yield Seen(
            Level.WARN,
            f"{len(lost)} messages were given up: {why}",
            "mend it, then `pitcrew outbox resend ID`",
        )
