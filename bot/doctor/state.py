"""Whether the state database is there, and at the schema of this version."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor import Level, Patient, Seen, probe


@probe("state")
def state(patient: Patient) -> Iterator[Seen]:
    """The state database, opened as the bot would, without changing it."""
    from analysis.errors import FinOpsError
    from bot.wiring import state_of

    config = patient.config
    if config.state.url == "sqlite" and not (config.data.folder / "state.db").exists():
        yield Seen(Level.OK, f"no state database yet: the first start makes it in {config.data.folder}")
        return
    try:
        with state_of(config, patient.clock, upgrade=False) as opened:
            yield Seen(Level.OK, f"the state database is at {opened.revision}")
    except FinOpsError as error:
        yield Seen(Level.FAIL, str(error), "`pitcrew db upgrade` brings an older one up; one process at a time uses it")
