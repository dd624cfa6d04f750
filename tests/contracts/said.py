"""Small findings, callers, asks and parcels, each with one thing said and the rest usual."""

from __future__ import annotations

from hashlib import sha256
from itertools import count
from typing import Any

from analysis.findings import Action, Finding, Fix, Remedy
from analysis.money import Money
from bot.ports import Ask, Inbox, Kind, Parcel, Place, Priority
from commands.core.caller import Caller, Permission
from tests.contracts.conftest import BEGINNING

ALL = frozenset({"sample"})
_clicks = count(1)


def found(number: int = 1, waste: str = "12.80", **said: Any) -> Finding:
    """One disk that nobody uses; a number is an id."""
    usual: dict[str, Any] = {
        "id": sha256(str(number).encode()).hexdigest()[:20],
        "check": "idle disks",
        "title": "Disk that nothing uses",
        "provider": "sample",
        "cloud": "aws",
        "account": "111122223333",
        "region": "us-east-1",
        "resource_id": f"vol-{number}",
        "resource_name": f"disk {number}",
        "tags": {"team": "search"},
        "monthly_waste": Money.of(waste, "USD"),
        "frees_commitment": Money.zero("USD"),
        "evidence": (("Idle since", "1 Mar"), ("Size", "160 GB")),
        "remedy": Remedy(Action.DELETE_DISK, source="us-east-1a gp3"),
        "fix": Fix("aws ec2 delete-volume", "aws ec2 create-volume", "look inside first"),
    }
    return Finding(**(usual | said))


def caller(name: str = "Ana", key: str = "", *, admin: bool = False) -> Caller:
    """Somebody who clicks; without a ``key`` it is a new click."""
    may = {Permission.READ, Permission.ACT} | ({Permission.ADMIN} if admin else set())
    return Caller(f"slack:U{name.upper()}", name, frozenset(may), key or f"click {next(_clicks)}")


def ask(key: str = "a1", text: str = "waste", **said: Any) -> Ask:
    """Something that was typed."""
    place = Place("slack", "T1", "C1", user="UANA")
    return Ask(key, place, "slack:UANA", "Ana", text, BEGINNING, **said)


def accepted(inbox: Inbox, one: Ask) -> bool:
    """Whether an ask that comes alone is new."""
    [is_new] = inbox.accept_all(lambda: [one])
    return is_new


def parcel(name: str, conversation: str = "C1", *, message: str = "", **said: Any) -> Parcel:
    """A post, unless another kind is said."""
    usual: dict[str, Any] = {"kind": Kind.POST, "priority": Priority.DIGEST, "payload": {"text": name}}
    place = Place("slack", "T1", conversation, message=message)
    return Parcel(name, place, **(usual | said))
