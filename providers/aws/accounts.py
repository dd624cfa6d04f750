"""Accounts: which there are, and which of them the bill knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from analysis.errors import NotReadable
from providers.aws.connection import Connection, refusal

ALONE = ("AWSOrganizationsNotInUseException", "AccessDeniedException", "AccessDenied")


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account; ``own`` is the one that the hub's credentials are of."""

    id: str
    name: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts that are read; ``told`` says why they are fewer than one would expect."""

    list: Sequence[Account]
    told: tuple[str, ...] = ()


def accounts(connection: Connection, only: Sequence[str] = ()) -> Accounts:
    """The active accounts of the organization, or the one account that there is.

    ``only`` keeps some of them.

    Raises:
        NotReadable: there are no credentials, or the organization cannot be listed for another reason than rights.
    """
    home = connection.identity()
    told: tuple[str, ...] = ()
    found = [Account(home, home, own=True)]
    try:
        pages = connection.client("organizations").get_paginator("list_accounts").paginate()
        listed = [
            Account(one["Id"], one.get("Name", one["Id"]), own=one["Id"] == home)
            for page in pages
            for one in page["Accounts"]
            if one.get("State", one.get("Status", "ACTIVE")) == "ACTIVE"
        ]
        found = listed or found
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code not in ALONE:
            raise NotReadable("the organization", refusal(error)) from None
        if code != ALONE[0]:
            told = (f"only account {home} is read: {refusal(error)}",)
    except BotoCoreError as error:
        raise NotReadable("the organization", refusal(error)) from None
    chosen = [one for one in found if not only or one.id in only]
    missing = sorted(set(only) - {one.id for one in found})
    if missing:
        told = (*told, f"no such account in the organization: {', '.join(missing)}")
    return Accounts(chosen, told)
