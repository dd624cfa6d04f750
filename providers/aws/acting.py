"""One client for many accounts: made once a service and region, since making one costs more than a request with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from botocore.credentials import Credentials, ReadOnlyCredentials

ACCOUNT: ContextVar[str] = ContextVar("account")  # whose credentials sign what this thread sends


class Whoever(Credentials):  # type: ignore[misc]
    """The credentials of the account that is just being asked; there are none outside of an asking."""

    def __init__(self, of: Callable[[str], Credentials]) -> None:
        super().__init__("", "")
        self._of = of

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Those of the account, renewed where they were about to end.

        Raises:
            LookupError: nobody said which account is asked.
        """
        return self._of(ACCOUNT.get()).get_frozen_credentials()


@dataclass(frozen=True, slots=True)
class Acting:
    """A client as one account has it: every operation, and every page, is signed with that account's credentials."""

    client: Any
    account: str

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever the client has)
        found = getattr(self.client, name)
        if not callable(found):
            return found

        def asked(*given: Any, **said: Any) -> Any:  # noqa: ANN401
            with _as(self.account):
                return found(*given, **said)

        return asked

    def get_paginator(self, operation: str) -> Pages:
        """The pages of an operation."""
        return Pages(self.client.get_paginator(operation), self.account)


@dataclass(frozen=True, slots=True)
class Pages:
    """A paginator as one account has it."""

    paginator: Any
    account: str

    def paginate(self, **asked: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
        """Page after page, each asked for when it is wanted."""
        pages = iter(self.paginator.paginate(**asked))
        while True:
            with _as(self.account):
                page = next(pages, None)
            if page is None:
                return
            yield page


@contextmanager
def _as(account: str) -> Iterator[None]:
    before = ACCOUNT.set(account)
    try:
        yield
    finally:
        ACCOUNT.reset(before)
