"""What Azure lets us see: who we are to it, which role is missing on which scope, and which bill there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from analysis.errors import FinOpsError
from bot.doctor import Level, Patient, Seen, probe
from bot.sections import sources

if TYPE_CHECKING:
    from providers.azure.exports import Found
    from providers.azure.provider import AzureProvider
    from providers.azure.scopes import Scope

FEW = 5  # scopes that are named
VERSION = "2022-04-01"
GIVE = "deploy/azure gives it, as Bicep and as Terraform"
BILL = "docs/azure.md says how an export is made"
BILLING_ROLE = (
    "EA: an enterprise reader; MCA: a billing account or profile reader; both are given in Cost Management + Billing"
)


@probe("azure")
def azure(patient: Patient) -> Iterator[Seen]:
    """Each Azure provider of the deployment file."""
    from bot.sources import azure_of

    for one in patient.config.providers:
        if isinstance(one, sources.AzureProvider):
            yield from _looked_at(azure_of(one, patient.config))


def _looked_at(provider: AzureProvider) -> Iterator[Seen]:
    from azure.core.exceptions import AzureError

    from providers.azure.connection import refusal
    from providers.azure.scopes import scopes

    name = provider.name
    try:
        who = provider.connection.who()
        yield Seen(Level.OK, f"{name}: signs in as {who.get('oid', 'an identity')} in tenant {who.get('tid', '?')}")
        where = scopes(provider.connection, provider.choice.scopes)
    except AzureError as error:
        yield Seen(Level.FAIL, f"{name}: {refusal(error)}", "docs/azure.md says how the process gets its identity")
        return
    except FinOpsError as error:
        yield Seen(Level.FAIL, f"{name}: {error}", GIVE)
        return
    for said in where.told:
        yield Seen(Level.WARN, f"{name}: {said}", GIVE)
    yield from _roles(provider, where.list, where.names)
    yield from _bill(provider)
    yield from _tenant(provider)


def _roles(provider: AzureProvider, asked: Sequence[Scope], names: Mapping[str, str]) -> Iterator[Seen]:
    """Which role is missing on which subscription or management group."""
    from providers.azure import role
    from providers.azure.permissions import READS
    from providers.azure.scopes import scope

    inventory = role.actions()
    cost = [
        read.action for read in READS if read.action.lower().startswith(role.COST) and read.action.endswith("/read")
    ]
    wanted = {role.COST_READER: cost, f"{role.NAME} (or Reader)": inventory}
    subscriptions = [scope(one, names) for one in sorted(names)]
    groups = [one for one in asked if one.noun == "management group"]
    every = [*groups, *subscriptions]
    missing: dict[str, list[str]] = defaultdict(list)
    examples: dict[str, str] = {}
    with ThreadPoolExecutor(provider.choice.limits.workers, thread_name_prefix="doctor") as pool:
        for one, given in zip(every, pool.map(lambda each: _permissions(provider, each), every), strict=True):
            for name, actions in wanted.items():
                if lack := role.lacking(actions, given):
                    missing[name].append(one.name)
                    examples.setdefault(name, lack[0])
    for name in wanted:
        if lack := missing[name]:
            few = ", ".join(lack[:FEW]) + (f" and {len(lack) - FEW} more" if len(lack) > FEW else "")
            what = f"{name} is missing on {len(lack)} of {len(every)} scopes: {few} (no {examples[name]})"
            yield Seen(Level.WARN, f"{provider.name}: {what}", GIVE)
        else:
            yield Seen(Level.OK, f"{provider.name}: {name} on all {len(every)} subscriptions and management groups")


def _permissions(provider: AzureProvider, one: Scope) -> Sequence[Mapping[str, Any]]:
    """What the identity may do at a scope; nothing where it may not even ask."""
    from azure.core.exceptions import AzureError
    from azure.core.rest import HttpRequest
    from azure.mgmt.costmanagement import CostManagementClient

    path = f"{one.id}/providers/Microsoft.Authorization/permissions"
    client = provider.connection.client(CostManagementClient)
    try:
        answer = client.send_request(HttpRequest("GET", path, params={"api-version": VERSION}))
        answer.raise_for_status()
    except AzureError:
        return ()
    found: Sequence[Mapping[str, Any]] = answer.json().get("value") or ()
    return found


def _bill(provider: AzureProvider) -> Iterator[Seen]:
    """Whether there is an export, whether it may be read, and whether it is healthy."""
    from azure.core.exceptions import AzureError

    from providers.azure.connection import refusal

    name = provider.name
    if provider.choice.source in ("query", "details"):
        yield Seen(Level.OK, f"{name}: bill by {provider.choice.source}, as it is configured")
        return
    try:
        found, told = provider.found()
    except AzureError as error:
        yield Seen(Level.FAIL, f"{name}: exports are not listed: {refusal(error)}", BILLING_ROLE)
        return
    except FinOpsError as error:
        yield Seen(Level.FAIL, f"{name}: {error}", BILL)
        return
    for said in told:
        yield Seen(Level.WARN, f"{name}: {said}", BILLING_ROLE if "not listed" in said else BILL)
    if not found:
        yield Seen(
            Level.WARN,
            f"{name}: no FOCUS export; the bill comes from the Query API: by service and day, without tags",
            BILL,
        )
    for one in found:
        yield _export(provider, one)


def _export(provider: AzureProvider, found: Found) -> Seen:
    from azure.core.exceptions import AzureError

    from providers.azure.connection import refusal

    name = provider.name
    try:
        container = provider.connection.container(found.account, found.container)
        runs = any(blob.name.endswith("manifest.json") for blob in container.list_blobs(name_starts_with=found.prefix))
    except AzureError as error:
        reader = f"give it Storage Blob Data Reader on container {found.container} of {found.account}"
        return Seen(Level.FAIL, f"{name}: export {found.name} in {found.where}: {refusal(error)}", reader)
    if found.trouble:
        return Seen(Level.WARN, f"{name}: export {found.name}: {found.trouble}", "Cost Management, Exports")
    if not runs:
        return Seen(Level.WARN, f"{name}: export {found.name} has delivered nothing yet", "run it once: Run now")
    return Seen(Level.OK, f"{name}: bill from export {found.name} in {found.where}")


def _tenant(provider: AzureProvider) -> Iterator[Seen]:
    """Whether the ends of commitments can be read, which no subscription's role gives."""
    from azure.core.exceptions import AzureError
    from azure.core.rest import HttpRequest
    from azure.mgmt.costmanagement import CostManagementClient

    from providers.azure.connection import refusal

    client = provider.connection.client(CostManagementClient)
    for path, listed, what, role in (
        ("/providers/Microsoft.Capacity", "reservations", "reservations", "Reservations Reader"),
        ("/providers/Microsoft.BillingBenefits", "savingsPlans", "savings plans", "Savings plan Reader"),
    ):
        try:
            asked = HttpRequest("GET", f"{path}/{listed}", params={"api-version": "2022-11-01"})
            client.send_request(asked).raise_for_status()
        except AzureError as error:
            give = f"az role assignment create --role '{role}' --scope {path} --assignee <object id>"
            yield Seen(Level.WARN, f"{provider.name}: the ends of {what} are not read: {refusal(error)}", give)
        else:
            yield Seen(Level.OK, f"{provider.name}: the ends of {what} are read")
