"""Rights: what an identity may not read of each subscription, since Resource Graph leaves that out without a word."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest
from azure.mgmt.costmanagement import CostManagementClient

from providers.azure.connection import Connection
from providers.azure.readers import kusto
from providers.azure.role import TYPE, lacking, types

VERSION = "2022-04-01"
FEW = 3


def unseen(connection: Connection, subscriptions: Sequence[str], pool: ThreadPoolExecutor) -> dict[str, set[str]]:
    """The resource types that may not be read, by subscription; none where nobody tells what may.

    It matters: a pool whose databases may not be read looks empty, and a gateway whose connections may not be read
    looks unused.
    """
    client = connection.client(CostManagementClient)
    every = {f"{kind}/read": kind for kind in types()}

    def ask(subscription: str) -> set[str]:
        url = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions"
        try:
            answer = client.send_request(HttpRequest("GET", url, params={"api-version": VERSION}))
            answer.raise_for_status()
            page: Mapping[str, Any] = answer.json()
        except AzureError:
            return set()
        given = page.get("value") or ()
        if not given or page.get("nextLink"):  # nobody has so many roles
            return set()
        return {every[action] for action in lacking(every, given)}

    found = dict(zip(subscriptions, pool.map(ask, subscriptions), strict=True))
    return {subscription: kinds for subscription, kinds in found.items() if kinds}


def about(query: str) -> set[str]:
    """The resource types that a query is about."""
    return set(TYPE.findall(kusto(query)))


def said(kinds: Collection[str]) -> list[str]:
    """What is missing, in a line; none if nothing is."""
    few = ", ".join(sorted(kinds)[:FEW]) + (f" and {len(kinds) - FEW} more" if len(kinds) > FEW else "")
    return [f"its role may not read {few} (`pitcrew doctor azure`)"] if kinds else []
