"""Findings: waste that was seen, what it costs, how to end it, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from hashlib import sha256
from operator import add

from analysis.estate import Estate, Resource
from analysis.money import Money


class State(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    ACKNOWLEDGED = "acknowledged"  # accepted as it is, with a reason
    SNOOZED = "snoozed"  # until a date
    EXEMPT = "exempt"  # no waste, says somebody, until a date
    DONE = "done"  # somebody says that it is fixed; the bill has not confirmed it yet
    RESOLVED = "resolved"
    REOPENED = "reopened"  # seen again after it was resolved, or still billed after it was said to be done


WAITING = (State.OPEN, State.REOPENED)  # nobody has it, everybody may take it
ASLEEP = (State.SNOOZED, State.EXEMPT)  # back by themselves on a day
FIXED = (State.DONE, State.RESOLVED)  # to be held against the bill
STILL_BILLED = "still billed"  # how the reason begins where the bill reopened it


class Action(StrEnum):
    """What would end the waste, in no cloud's words; the provider knows the command."""

    DELETE_DISK = "delete disk"
    RETYPE_DISK = "retype disk"
    DELETE_SNAPSHOT = "delete snapshot"
    RETIRE_IMAGE = "retire image"
    STOP_MACHINE = "stop machine"
    RESIZE_MACHINE = "resize machine"
    END_MACHINE = "end machine"
    SCHEDULE_MACHINE = "schedule machine"
    EMPTY_GROUP = "empty scaling group"
    CANCEL_CAPACITY = "cancel capacity reservation"
    RELEASE_ADDRESS = "release address"
    DELETE_NAT = "delete nat gateway"
    ADD_DIRECT_WAY = "add gateway endpoint"
    DELETE_ENDPOINT = "delete endpoint"
    DELETE_BALANCER = "delete load balancer"
    STOP_DATABASE = "stop database"
    RESIZE_DATABASE = "resize database"
    RETYPE_DATABASE = "retype database storage"
    UPGRADE_DATABASE = "upgrade database"
    ONE_ZONE_DATABASE = "one zone"
    SWITCH_DATABASE_STORAGE = "switch cluster storage"
    DELETE_DATABASE_SNAPSHOT = "delete database snapshot"
    DELETE_CACHE = "delete cache"
    PAUSE_WAREHOUSE = "pause warehouse"
    SCHEDULE_WAREHOUSE = "schedule warehouse"
    DELETE_SEARCH = "delete search domain"
    PAY_PER_REQUEST = "pay per request"
    RESIZE_FUNCTION = "resize function"
    DROP_CONCURRENCY = "drop concurrency"
    UPGRADE_KUBERNETES = "upgrade kubernetes"
    ADD_LIFECYCLE = "add lifecycle"
    ABORT_UPLOADS = "abort uploads"
    EXPIRE_VERSIONS = "expire versions"
    SET_RETENTION = "set retention"
    STOP_TRAIL = "stop trail"
    DELETE_HEALTH_CHECK = "delete health check"
    DELETE_SECRET = "delete secret"  # noqa: S105 (no password)
    DROP_API_CACHE = "drop api cache"
    ADD_IMAGE_LIFECYCLE = "add image lifecycle"
    ADD_FILE_LIFECYCLE = "add file lifecycle"
    END_DATA_CLUSTER = "end data cluster"
    DELETE_MODEL_ENDPOINT = "delete model endpoint"
    STOP_NOTEBOOK = "stop notebook"
    STOP_DESKTOP_ALONE = "stop desktop by itself"
    RESIZE_GROUP = "resize scaling group"
    RETYPE_SNAPSHOT = "retype snapshot"
    BRING_LICENCE = "bring licence"
    DELETE_PLAN = "delete app plan"
    RESIZE_PLAN = "resize app plan"
    DELETE_POOL = "delete database pool"
    KEEP_FEWER_BACKUPS = "keep fewer backups"
    DELETE_GATEWAY = "delete network gateway"
    DELETE_PROTECTION = "delete protection plan"
    DELETE_CIRCUIT = "delete circuit"
    DOWNGRADE_FIREWALL = "downgrade firewall"
    DELETE_BACKUPS = "delete backups"
    TIDY_UP = "tidy up"
    REVIEW = "review"  # there is no command for it


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do: an action, its target where it needs one (a new size), and the source that an undo returns to.

    ``source`` is what is there now: a size, a disk's zone and tier (``us-east-1a gp3``), a number of days.
    """

    action: Action
    target: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """How to do it: the command to act, the command to undo, and what to check first.

    Empty commands come with a ``safety`` note that says why there is none. Pitcrew never runs them.
    """

    act: str
    undo: str
    safety: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where a finding or an anomaly was sent on to: ``key`` is what the other side calls it, empty while on its way."""

    target: str
    key: str = ""
    url: str = ""
    failed: str = ""  # why it could not be delivered


@dataclass(frozen=True, slots=True)
class Finding:
    """One wasteful thing: what was seen, and where it stands.

    ``id`` is stable across runs. ``monthly_waste`` comes from the resource's own billed rows and counts cash
    only; ``frees_commitment`` is what a commitment already pays for.
    """

    id: str
    check: str
    title: str
    provider: str
    cloud: str
    account: str
    region: str
    resource_id: str
    resource_name: str
    tags: Mapping[str, str]
    monthly_waste: Money
    frees_commitment: Money
    evidence: tuple[tuple[str, str], ...]
    remedy: Remedy
    meters: str = ""  # the part of the bill that it is priced from, as a pattern of FOCUS SkuMeter; empty for all of it
    priced_of: tuple[str, ...] = ()  # ids of what is billed for it, in small letters
    fix: Fix | None = None
    state: State = State.OPEN
    owner: str = ""  # who claimed it: "slack:U123"
    owner_name: str = ""
    reason: str = ""
    until: date | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    changed_at: datetime | None = None
    version: int = 0
    fixed_at: datetime | None = None  # when it was said to be done, or else was gone
    mover: str = ""  # who moved it last; empty if no person did
    team: str = ""  # whose it is, by the rules of allocation and of [owners]
    whose: str = ""  # the person's e-mail address, where one is named
    why_whose: str = ""
    links: tuple[Link, ...] = ()  # where it was sent on to

    @classmethod
    def priced(  # noqa: PLR0913 (what was seen, said by name)
        cls,
        resource: Resource,
        estate: Estate,
        *,
        check: str,
        title: str,
        remedy: Remedy,
        evidence: tuple[tuple[str, str], ...],
        part: float = 1.0,
        meters: str = "",
        of: Iterable[Resource] | None = None,
        estimate: Money | None = None,
        even_unbilled: bool = False,
    ) -> Finding | None:
        """Price what a check saw from the resource's billed rows; ``None`` if nothing is billed for it.

        ``even_unbilled`` tells it all the same, without a price: something to tidy up.

        ``part`` is the fraction of the bill that would end (1 for a deletion, less for a smaller size), ``meters`` the
        rows that it is a fraction of, as a pattern of their SkuMeter. ``of`` are the resources that are billed for it,
        where they are others (the disks of a stopped machine). An ``estimate`` of somebody else only ever lowers it.
        """
        billed = tuple(of) if of is not None else (resource,)
        bills = [bill for one in billed if (bill := estate.bill(one))]
        bill = reduce(add, bills) if bills else None
        charge = (bill.part(meters) if meters else bill.whole) if bill else None
        if bill is None or charge is None or charge.effective.amount * Decimal(str(part)) <= 0:
            told = cls.seen(resource, estate, check=check, title=title, remedy=remedy, evidence=evidence)
            return told if even_unbilled else None
        cash, covered = (charge.cash * part).cents(), (charge.covered * part).cents()
        if estimate is not None and estimate.currency == cash.currency:
            cash = min(cash, max(estimate, Money.zero(cash.currency))).cents()
        priced = ("Priced from", f"{bill.days} billed days")
        found = cls._of(resource, check, title, remedy, (*evidence, priced), cash, covered)
        return replace(found, meters=meters, priced_of=tuple(one.id.lower() for one in billed))

    @classmethod
    def seen(
        cls,
        resource: Resource,
        estate: Estate,
        *,
        check: str,
        title: str,
        remedy: Remedy,
        evidence: tuple[tuple[str, str], ...] = (),
    ) -> Finding:
        """Something to look at, or to tidy up, that claims no saving; what it is billed is told."""
        bill = estate.bill(resource)
        told = (("Billed a month", str(bill.effective.cents())),) if bill else ()
        nothing = Money.zero(bill.effective.currency if bill else "USD")
        return cls._of(resource, check, title, remedy, (*evidence, *told), nothing, nothing)

    @classmethod
    def _of(  # noqa: PLR0913, PLR0917
        cls,
        resource: Resource,
        check: str,
        title: str,
        remedy: Remedy,
        evidence: tuple[tuple[str, str], ...],
        waste: Money,
        frees: Money,
    ) -> Finding:
        return cls(
            id=fingerprint(check, resource),
            check=check,
            title=title,
            provider=resource.provider,
            cloud=resource.cloud,
            account=resource.account,
            region=resource.region,
            resource_id=resource.id,
            resource_name=resource.name,
            tags=resource.tags,
            monthly_waste=waste,
            frees_commitment=frees,
            evidence=((("In account", resource.account_name),) if resource.account_name else ()) + evidence,
            remedy=remedy,
        )

    @property
    def claims(self) -> bool:
        """Whether it claims to save anything; the others are things to look at, or to tidy up."""
        return bool(self.monthly_waste or self.frees_commitment)

    @property
    def short(self) -> str:
        """What people type: the first eight characters of the id."""
        return self.id[:8]

    def fixed_by(self, fix: Fix) -> Finding:
        """The same finding, with its commands."""
        return replace(self, fix=fix)


def unknown(name: str, *, several: bool = False) -> str:
    """What is said of a name that is no finding's, or more than one's."""
    why = "more than one finding begins with" if several else "no finding is named"
    return f"{why} {name!r}; `waste` lists them, and eight characters of an id are enough"


def fingerprint(check: str, resource: Resource) -> str:
    """The id of what ``check`` may find on ``resource``: 20 hex digits, the same in every run."""
    text = "\x1f".join((resource.cloud, resource.account, resource.id.lower(), check))
    return sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Move:
    """A transition: from which states, to which, and what it writes.

    Tried by one conditional UPDATE, so that of two who try at once exactly one wins.
    """

    verb: str
    to: State
    come_from: tuple[State, ...]
    owner: str = ""
    owner_name: str = ""
    reason: str = ""
    until: date | None = None
    owner_only: bool = False  # what somebody has, only they may move (an admin may always)
    extra: Mapping[str, str] = field(default_factory=dict)


def claim(who: str, name: str) -> Move:
    """Take a finding on."""
    return Move("claim", State.CLAIMED, WAITING, owner=who, owner_name=name)


def release() -> Move:
    """Give a claimed finding back, or take back an acknowledgement, a snooze or the word that it is done."""
    held = (State.CLAIMED, State.ACKNOWLEDGED, State.SNOOZED, State.DONE)
    return Move("release", State.OPEN, held, owner_only=True)


def acknowledge(who: str, name: str, reason: str) -> Move:
    """Accept the cost as it is, and say why."""
    held = (*WAITING, State.CLAIMED, State.SNOOZED)
    return Move("acknowledge", State.ACKNOWLEDGED, held, owner=who, owner_name=name, reason=reason)


def snooze(who: str, name: str, until: date) -> Move:
    """Not before ``until``."""
    held = (*WAITING, State.CLAIMED, State.ACKNOWLEDGED)
    return Move("snooze", State.SNOOZED, held, owner=who, owner_name=name, until=until)


def done(who: str, name: str) -> Move:
    """It is fixed, says whoever has it, or anybody where nobody has; the bill will tell."""
    return Move("done", State.DONE, (*WAITING, State.CLAIMED), owner=who, owner_name=name, owner_only=True)


def exempt(who: str, name: str, reason: str, until: date) -> Move:
    """It is no waste, and will not be told again before ``until``."""
    held = (*WAITING, State.CLAIMED, State.ACKNOWLEDGED, State.SNOOZED)
    return Move("exempt", State.EXEMPT, held, owner=who, owner_name=name, reason=reason, until=until)


def readmit() -> Move:
    """An exemption has ended: it is waste again."""
    return Move("readmit", State.OPEN, (State.EXEMPT,))


def still_billed(figure: str) -> Move:
    """It was said to be done, and the bill says otherwise."""
    return Move("reopen", State.REOPENED, FIXED, reason=f"{STILL_BILLED}: {figure}")
