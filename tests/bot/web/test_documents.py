"""Documents by link: today's link opens, and no other does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from analysis.errors import NotFound
from bot.web.documents import Documents
from commands.core.answer import File

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
SHEET = File("Größe & Co.csv", "text/csv", b"team,cost", "Cost of October")


class Shelf:
    def __init__(self) -> None:
        self.now = NOW

    def kept(self, digest: str) -> File:
        if digest != SHEET.digest:
            raise NotFound("no document")
        return SHEET


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def documents(shelf: Shelf) -> Documents:
    return Documents("https://pitcrew.example", b"a secret", shelf.kept, lambda: shelf.now)


@pytest.fixture
async def site(documents: Documents) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    documents.mount(app)
    async with TestClient(TestServer(app)) as client:
        yield client


def path(documents: Documents, digest: str = SHEET.digest) -> str:
    return documents.link(digest, NOW).removeprefix("https://pitcrew.example")


async def test_a_link_downloads_its_document(
    documents: Documents, site: TestClient[web.Request, web.Application]
) -> None:
    said = await site.get(path(documents))
    assert (said.status, await said.read()) == (200, SHEET.content)
    assert said.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%26%20Co.csv"
    assert said.headers["X-Content-Type-Options"] == "nosniff"


async def test_no_other_link_opens(
    documents: Documents, shelf: Shelf, site: TestClient[web.Request, web.Application]
) -> None:
    good = path(documents)
    for bad in (good[:-1], good.replace("until=1", "until=2"), good.split("?")[0], path(documents, "0" * 64)):
        assert (await site.get(bad)).status == 404
    assert (await site.post(good)).status == 404
    shelf.now += timedelta(days=2)
    assert (await site.get(good)).status == 404


def test_without_an_address_there_is_no_link(shelf: Shelf) -> None:
    assert Documents("", b"a secret", shelf.kept, lambda: NOW).link(SHEET.digest, NOW) == ""
