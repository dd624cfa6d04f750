"""What the sample company fixed before today: resources that went, as findings that were resolved when they did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from analysis.estate import Resource
from analysis.findings import Action, Finding, Remedy, State, fingerprint
from analysis.money import Money
from analysis.periods import DAYS_A_MONTH
from providers.sample.cast import Thing

WITHIN = timedelta(days=240)  # what was fixed longer ago is forgotten
NOTICED = timedelta(days=9)  # before it went
DISKS = ("Volume", "Disk")
MACHINES = ("Instance", "Virtual machine")


def fixed(things: Iterable[Thing], as_of: date) -> Iterator[Finding]:
    """A finding for each thing that is gone, by its own price; what a commitment covered saved no cash."""
    for thing in things:
        gone = thing.spot.ends
        if thing.spot.plant is None and as_of - WITHIN <= gone < as_of - timedelta(days=1):
            yield _finding(thing, gone)


def _finding(thing: Thing, gone: date) -> Finding:
    spot = thing.spot
    cloud = spot.account.payer.cloud
    found = Resource(
        id=thing.id,
        provider="sample",
        cloud=cloud,
        name=spot.name,
        account=spot.account.id,
        region=spot.region.id,
        tags=spot.tags,
    )
    check, words, action = _seen(thing)
    worth = Decimal(str(thing.usual)) * thing.price / 1_000_000 * Decimal(str(DAYS_A_MONTH))
    cash, covered = (
        Money(worth * Decimal(str(part)), thing.currency).cents() for part in (1 - thing.covered, thing.covered)
    )
    moment = datetime.combine(gone, time(12), UTC)
    return Finding(
        id=fingerprint(check, found),
        check=check,
        title=f"{thing.offer.kind} {spot.name} {words}",
        provider=found.provider,
        cloud=cloud,
        account=found.account,
        region=found.region,
        resource_id=found.id,
        resource_name=found.name,
        tags=found.tags,
        monthly_waste=cash,
        frees_commitment=covered,
        evidence=(("Went", gone.isoformat()),),
        remedy=Remedy(action),
        state=State.RESOLVED,
        owner=f"team:{spot.team}",
        owner_name=f"{spot.team} team",
        first_seen=moment - NOTICED,
        last_seen=moment,
        changed_at=moment,
    )


def _seen(thing: Thing) -> tuple[str, str, Action]:
    if thing.offer.kind in DISKS:
        return "unattached-disk", "had no machine", Action.DELETE_DISK
    if thing.offer.kind in MACHINES:
        return "idle-machine", "had been idle", Action.STOP_MACHINE
    return "reported", "was no longer needed", Action.STOP_MACHINE
