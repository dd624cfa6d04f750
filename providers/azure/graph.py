"""Resource Graph: our own questions about all subscriptions at once, page by page, at the pace that Azure allows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions, QueryResponse

from providers.azure.connection import Connection, refusal
from providers.azure.readers import Row, kusto
from providers.azure.retry import waits

A_PAGE = 1000  # rows, Resource Graph's most
A_QUESTION = 1000  # subscriptions, likewise
MOST_PAGES = 1000
REMAINING, RESETS = "x-ms-user-quota-remaining", "x-ms-user-quota-resets-after"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Told:
    """The rows of one query, and by subscription why the others are missing."""

    rows: Sequence[Row]
    failed: Mapping[str, str]


def ask(connection: Connection, query: str, subscriptions: Sequence[str]) -> Told:
    """All rows of one of our queries; a subscription that is refused costs only its own.

    ``subscriptions`` are UUIDs; anything else is left out, since nothing of it may reach Azure.
    """
    rows: list[Row] = []
    failed: dict[str, str] = {}
    known = [one for one in subscriptions if UUID.fullmatch(one)]
    for begin in range(0, len(known), A_QUESTION):
        _asked(connection, query, known[begin : begin + A_QUESTION], rows, failed)
    return Told(rows, failed)


def everywhere(connection: Connection, query: str) -> list[Row]:
    """All rows of one of our queries, wherever the identity may read.

    Raises:
        AzureError: it is refused.
    """
    return list(_pages(connection, query, None))


def _asked(
    connection: Connection, query: str, subscriptions: Sequence[str], rows: list[Row], failed: dict[str, str]
) -> None:
    try:
        found = list(_pages(connection, query, subscriptions))
    except AzureError as error:
        throttled = isinstance(error, HttpResponseError) and error.status_code == TOO_MANY
        refused = isinstance(error, HttpResponseError) and not throttled
        if len(subscriptions) == 1 or not refused:  # who is the one among many is found by halves
            failed |= dict.fromkeys(subscriptions, refusal(error))
            return
        middle = len(subscriptions) // 2
        for half in (subscriptions[:middle], subscriptions[middle:]):
            _asked(connection, query, half, rows, failed)
        return
    rows += found


def _pages(connection: Connection, query: str, subscriptions: Sequence[str] | None) -> Iterator[Row]:
    """Page by page, to the end.

    Raises:
        AzureError: it is refused, or it does not end: rows that are missing would make something look unused.
    """
    client = connection.client(ResourceGraphClient)
    token: str | None = None
    for _ in range(MOST_PAGES):
        options = QueryRequestOptions(top=A_PAGE, skip_token=token, result_format="objectArray")
        asked = QueryRequest(
            subscriptions=list(subscriptions) if subscriptions is not None else None,
            query=kusto(query),
            options=options,
        )
        headers: dict[str, str] = {}

        def kept(answer: Any, page: QueryResponse, _: Any, into: dict[str, str] = headers) -> QueryResponse:  # noqa: ANN401
            into.update(answer.http_response.headers)
            return page

        page = client.resources(asked, cls=kept)
        found: Sequence[Row] = page.data or ()  # type: ignore[assignment]  # objectArray makes them rows
        yield from found
        if not page.skip_token:
            if _word(page.result_truncated) == "true":
                raise AzureError("Resource Graph leaves rows out")
            return
        if page.skip_token == token:
            raise AzureError("Resource Graph gives the same page again and again")
        token = page.skip_token
        _rest(connection, headers)
    raise AzureError("Resource Graph gives pages without end")


def _word(value: object) -> str:
    return str(getattr(value, "value", value)).lower()


def _rest(connection: Connection, headers: Mapping[str, str]) -> None:
    """Wait where the next question would be one too many: to be refused costs more than to wait."""
    lower = {name.lower(): value for name, value in headers.items()}
    if lower.get(REMAINING) == "0" and (seconds := waits({RESETS: lower.get(RESETS, "")})):
        connection.pace.time.sleep(seconds)
