"""What AWS lets us see: whose credentials they are, which accounts open, which bill there is, which advice is on.

Nothing is read that costs anything: Cost Explorer is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from analysis.errors import NotReadable
from bot.doctor import Level, Patient, Seen, probe
from bot.sections import sources

if TYPE_CHECKING:
    from providers.aws.accounts import Account
    from providers.aws.provider import AwsProvider

SIDE_BY_SIDE = 16
ROLE = "deploy/aws has the role for member accounts, as a StackSet and as Terraform; its external id must be ours"
CREDENTIALS = "docs/aws.md says how the process gets them"


@probe("aws")
def aws(patient: Patient) -> Iterator[Seen]:
    """Each AWS provider of the deployment file."""
    from bot.sources import aws_of

    for one in patient.config.providers:
        if isinstance(one, sources.AwsProvider):
            yield from _looked_at(aws_of(one, patient.config))


def _looked_at(provider: AwsProvider) -> Iterator[Seen]:
    from providers.aws.accounts import accounts
    from providers.aws.advice import switched_on

    name = provider.name
    try:
        home = provider.connection.identity()
    except NotReadable as error:
        yield Seen(Level.FAIL, f"{name}: {error}", CREDENTIALS)
        return
    yield Seen(Level.OK, f"{name}: speaks as account {home}")
    try:
        listed = accounts(provider.connection, provider.choice.only)
    except NotReadable as error:
        yield Seen(Level.FAIL, f"{name}: {error}")
        return
    for said in listed.told:
        yield Seen(
            Level.WARN, f"{name}: {said}", "give the hub's role organizations:ListAccounts, or name the accounts"
        )
    yield from _opened(provider, [one for one in listed.list if not one.own])
    yield _bill(provider)
    for source, why in switched_on(provider.connection).items():
        if why:
            yield Seen(
                Level.WARN, f"{name}: {source} is not read: {why}", "switch it on, or leave it: our checks do without"
            )
        else:
            yield Seen(Level.OK, f"{name}: {source} is read")


def _opened(provider: AwsProvider, members: list[Account]) -> Iterator[Seen]:
    """Whether the role of each member account can be taken on."""

    def tried(account: Account) -> str:
        try:
            provider.connection.client("sts", account=account.id)
        except NotReadable as error:
            return f"account {account.id} ({account.name}): {error.why}"
        return ""

    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="doctor") as pool:
        closed = [why for why in pool.map(tried, members) if why]
    whole = len(members) + 1
    level = Level.WARN if closed else Level.OK
    yield Seen(level, f"{provider.name}: {whole - len(closed)} of {whole} accounts open", ROLE if closed else "")
    for why in closed:
        yield Seen(Level.WARN, f"{provider.name}: {why}")


def _bill(provider: AwsProvider) -> Seen:
    name = provider.name
    try:
        found = provider.export()
    except NotReadable as error:
        return Seen(Level.FAIL, f"{name}: {error}", "docs/aws.md says how an export is made")
    if found is None:
        return Seen(
            Level.WARN,
            f"{name}: no data export; the bill comes from Cost Explorer, 0.01 USD a request, without resources",
            "make a FOCUS 1.2 export: docs/aws.md",
        )
    return Seen(Level.OK, f"{name}: bill from export {found.name} ({found.table}) in s3://{found.bucket}")
