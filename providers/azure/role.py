"""The role: what an identity must be allowed to read of resources, written from what is asked; never a write.

Cost is read by Microsoft's own Cost Management Reader; this role stands in for Reader, which sees everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from providers.azure.permissions import READS
from providers.azure.readers import KUSTO

NAME = "Pitcrew read"
COST = ("microsoft.costmanagement/", "microsoft.consumption/")
TENANT = ("microsoft.capacity/", "microsoft.billingbenefits/")  # whose roles are given on the tenant, not here
COST_READER = "Cost Management Reader"
TYPE = re.compile(r"'(microsoft\.[a-z.]+(?:/[a-z]+)+)'")
SPELLED = {  # as Azure's list of operations has them; it does not mind, but people read it
    "microsoft.advisor": "Microsoft.Advisor",
    "microsoft.containerservice": "Microsoft.ContainerService",
    "microsoft.documentdb": "Microsoft.DocumentDB",
    "microsoft.recoveryservices": "Microsoft.RecoveryServices",
    "microsoft.sqlvirtualmachine": "Microsoft.SqlVirtualMachine",
}


def types() -> list[str]:
    """Every resource type that our questions to Resource Graph are about."""
    texts = (file.read_text("utf-8") for file in KUSTO.iterdir() if file.name.endswith(".kql"))
    return sorted({found for text in texts for found in TYPE.findall(text)})


def actions() -> list[str]:
    """The Azure actions of the role, each a read."""
    asked = {read.action for read in READS if read.action and not read.action.lower().startswith((*COST, *TENANT))}
    graph = {f"{_spelled(one)}/read" for one in types()}
    return sorted({one.lower(): one for one in (*graph, *asked)}.values(), key=str.lower)


def definition() -> dict[str, Any]:
    """The custom role as ``az role definition create`` takes it; its scope is put in where it is deployed."""
    return {
        "Name": NAME,
        "IsCustom": True,
        "Description": "What Pitcrew reads of resources, and nothing else; Cost Management Reader goes with it.",
        "Actions": actions(),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": ["MANAGEMENT_GROUP"],
    }


def lacking(wanted: Iterable[str], permissions: Sequence[Mapping[str, Any]]) -> list[str]:
    """The actions that none of an identity's permissions at a scope allows."""
    given = [
        (
            [str(one).lower() for one in each.get("actions") or ()],
            [str(one).lower() for one in each.get("notActions") or ()],
        )
        for each in permissions
    ]

    def allowed(action: str) -> bool:
        return any(_any(action, yes) and not _any(action, no) for yes, no in given)

    return [one for one in wanted if not allowed(one.lower())]


def _any(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in patterns)


def _spelled(kind: str) -> str:
    space, _, rest = kind.partition("/")
    first, _, second = space.partition(".")
    return f"{SPELLED.get(space, f'{first.title()}.{second[:1].upper()}{second[1:]}')}/{rest}"
