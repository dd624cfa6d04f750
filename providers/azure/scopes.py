"""Scopes: what the bill is asked of (billing accounts, management groups, subscriptions), and how tags get into it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from azure.core.exceptions import HttpResponseError
from azure.mgmt.costmanagement import CostManagementClient

from analysis.errors import BadConfig, NotReadable
from providers.azure import graph
from providers.azure.connection import UNREADABLE, Connection, refusal

SUBSCRIPTION = re.compile(r"/subscriptions/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE | re.ASCII)
BILLING = re.compile(
    r"/providers/Microsoft\.Billing/billingAccounts/[\w:.-]+(?:/\w+/[\w:.-]+)?", re.IGNORECASE | re.ASCII
)
GROUP = re.compile(r"/providers/Microsoft\.Management/managementGroups/[\w().-]{1,90}", re.IGNORECASE | re.ASCII)
ENABLED = ("enabled", "warned", "pastdue")
INHERITANCE = "taginheritance"
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Scope:
    """Something that Cost Management can be asked of; ``subscription`` is the id of one, in small letters."""

    id: str
    name: str
    subscription: str = ""

    @property
    def noun(self) -> str:
        """What people call such a scope."""
        if self.subscription:
            return "subscription"
        return "management group" if GROUP.fullmatch(self.id) else "billing account"


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes that are asked, the names of all subscriptions by id, and why they are fewer than one would expect."""

    list: Sequence[Scope]
    names: Mapping[str, str]
    told: tuple[str, ...] = ()


def scope(text: str, names: Mapping[str, str] | None = None) -> Scope:
    """A scope as it is written in the deployment file: an id of Azure's, or a subscription's bare id.

    Raises:
        BadConfig: it is none.
    """
    said = text.strip().rstrip("/")
    said = said if said.startswith("/") else f"/subscriptions/{said}"
    if found := SUBSCRIPTION.fullmatch(said):
        known = found[1].lower()
        return Scope(f"/subscriptions/{known}", (names or {}).get(known, known), known)
    if BILLING.fullmatch(said) or GROUP.fullmatch(said):
        return Scope(said, said.rpartition("/")[2])
    raise BadConfig(
        f"{text!r} is no scope; write /providers/Microsoft.Billing/billingAccounts/<id>, "
        "/providers/Microsoft.Management/managementGroups/<id> or /subscriptions/<id>"
    )


def scopes(connection: Connection, configured: Sequence[str] = ()) -> Scopes:
    """What is configured, or every subscription that the identity may read.

    Raises:
        NotReadable: nothing is configured, and no subscription can be listed.
    """
    try:
        rows = graph.everywhere(connection, "subscriptions")
    except UNREADABLE as error:
        if not configured:
            raise NotReadable("subscriptions", refusal(error)) from None
        return Scopes([scope(one) for one in configured], {}, (f"subscriptions have no names: {refusal(error)}",))
    names = {str(row["subscriptionId"]).lower(): str(row.get("name") or row["subscriptionId"]) for row in rows}
    if configured:
        chosen = [scope(one, names) for one in configured]
        unseen = [one.name for one in chosen if one.subscription and one.subscription not in names]
        told = (f"the identity may not see, or there is not: {', '.join(unseen)}",) if unseen else ()
        return Scopes(chosen, names, told)
    living = [
        str(row["subscriptionId"]).lower() for row in rows if str(row.get("state") or "enabled").lower() in ENABLED
    ]
    if not living:
        raise NotReadable("subscriptions", "the identity may read none: give it a role (deploy/azure)")
    return Scopes([scope(one, names) for one in sorted(living)], names)


def inheritance(connection: Connection, asked: Sequence[Scope], *, workers: int = 8) -> tuple[str, ...]:
    """Whether tags of subscriptions and resource groups reach the bill, in one line; nothing where they all do."""
    settings = connection.client(CostManagementClient).settings

    def on(one: Scope) -> bool | None:
        try:
            return settings.get_by_scope(one.id.strip("/"), INHERITANCE) is not None
        except HttpResponseError as error:
            return False if error.status_code == NOT_FOUND else None
        except UNREADABLE:
            return None

    able = [one for one in asked if one.noun != "management group"]  # which have no such setting
    with ThreadPoolExecutor(workers, thread_name_prefix="azure-tags") as pool:
        found = list(pool.map(on, able))
    off = [one.name for one, said in zip(able, found, strict=True) if said is False]
    if not off:
        return ()
    few = ", ".join(off[:FEW]) + (f" and {len(off) - FEW} more" if len(off) > FEW else "")
    return (
        f"tag inheritance is off in {few}: tags of subscriptions and resource groups do not reach the bill "
        "(Cost Management, Manage, Tag inheritance; it counts from then on)",
    )


FEW = 3
