"""Whether private scopes hide something: a name that is written wrong hides nothing, and nobody would notice."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor import Level, Patient, Seen, probe
from bot.environment import secret


@probe("scopes")
def scopes(patient: Patient) -> Iterator[Seen]:
    """Each line of each private scope against the names on the bill, and who may see it."""
    from bot.sight.hidden import Hidden
    from providers.lake import Lake

    config = patient.config
    if not config.scopes:
        return
    folder = config.data.folder / "lake"
    if not folder.exists():
        yield Seen(Level.WARN, "private scopes cannot be looked at: no billed rows yet", "run pitcrew assess")
        return
    lake = Lake.open(
        config.lake.url, folder, memory=config.lake.memory, secret=lambda name: secret(name, patient.environ)
    )
    try:
        for scope in config.private_scopes():
            held = Hidden((scope,), lake, config.allocation.rulebook(), lake.version)
            for clause in scope.of:
                line = " ".join(f"{key}={','.join(values)}" for key, values in clause.items())
                if held.is_empty(clause):
                    remedy = "look how the bill writes it: what is named wrong is private to nobody"
                    yield Seen(Level.WARN, f"{scope.name}: {line} hides nothing that is billed", remedy)
                else:
                    yield Seen(Level.OK, f"{scope.name}: {line} is private")
            if not scope.people and not scope.routes:
                yield Seen(Level.WARN, f"{scope.name}: nobody may see it", "name people or routes")
    finally:
        lake.close()
