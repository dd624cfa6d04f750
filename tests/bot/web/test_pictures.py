"""A picture is seen by whoever has a link that Pitcrew made, until it ends, and by nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from yarl import URL

from analysis.errors import BadConfig, NotFound
from bot.clock import stopped_at
from bot.web.pictures import Pictures, kept_secret
from charts.picture import Picture

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SECRET = b"a secret of the test"
DRAWN = Picture(b"\x89PNG a forecast", "Forecast: 12,300 USD", "forecast")


def shown(digest: str) -> Picture:
    if digest != DRAWN.digest:
        raise NotFound(digest)
    return DRAWN


@asynccontextmanager
async def serving(moment: datetime = NOW) -> AsyncIterator[Pictures]:
    clock = stopped_at(moment)
    site = web.Application()
    runner = web.AppRunner(site)
    pictures = Pictures("", SECRET, shown, clock)
    pictures.mount(site)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Pictures(f"http://127.0.0.1:{runner.addresses[0][1]}/", SECRET, shown, clock)
    finally:
        await runner.cleanup()


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def test_a_link_shows_its_picture_and_may_be_kept_for_as_long_as_it_holds(client: ClientSession) -> None:
    async with serving() as pictures:
        said = await client.get(pictures.link(DRAWN.digest, NOW))
        assert (said.status, await said.read(), said.content_type) == (200, DRAWN.png, "image/png")
        assert said.headers["X-Content-Type-Options"] == "nosniff"
        age = int(said.headers["Cache-Control"].split("max-age=")[1].split(",")[0])
        assert timedelta(days=30) < timedelta(seconds=age) <= timedelta(days=31)
        assert (await client.head(pictures.link(DRAWN.digest, NOW))).status == 200


def test_links_of_one_day_are_the_same() -> None:
    pictures = Pictures("https://pitcrew.example.com", SECRET, shown, stopped_at(NOW))
    assert pictures.link(DRAWN.digest, NOW) == pictures.link(DRAWN.digest, NOW + timedelta(hours=8))
    assert pictures.link(DRAWN.digest, NOW) != pictures.link(DRAWN.digest, NOW + timedelta(days=1))


async def test_a_link_that_is_over_is_not_found(client: ClientSession) -> None:
    async with serving(NOW + timedelta(days=32)) as pictures:
        assert (await client.get(pictures.link(DRAWN.digest, NOW))).status == 404
        assert (await client.get(pictures.link(DRAWN.digest, NOW + timedelta(days=31)))).status == 200


async def test_whatever_is_changed_in_a_link_is_not_found(client: ClientSession) -> None:
    async with serving() as pictures:
        link = URL(pictures.link(DRAWN.digest, NOW))
        other = "0" * 64
        changed = [
            link.update_query(until=str(int(link.query["until"]) + 1)),
            link.update_query(until="9" * 12),
            link.update_query(until=""),
            link.update_query(until="١٢٣"),
            link.update_query(sig=link.query["sig"][:-1]),
            link.update_query(sig="é"),
            link.with_query(until=link.query["until"]),
            link.with_query(None),
            URL(str(link).replace(DRAWN.digest, other)),
            URL(str(link).replace(DRAWN.digest, DRAWN.digest.upper())),
            URL(str(link).replace(DRAWN.digest, "")),
            URL(str(link).replace(DRAWN.digest, "..%2f..%2fetc%2fpasswd"), encoded=True),
        ]
        assert [(await client.get(one)).status for one in changed] == [404] * len(changed)
        assert (await client.post(link)).status == 404
        assert (await client.get(pictures.link(other, NOW))).status == 404  # signed, and never put here


async def test_another_secret_makes_other_links(client: ClientSession) -> None:
    async with serving() as pictures:
        strangers = Pictures(pictures.public_url, b"another secret altogether", shown, stopped_at(NOW))
        assert (await client.get(strangers.link(DRAWN.digest, NOW))).status == 404


def test_without_a_public_address_there_is_no_link() -> None:
    assert Pictures("", SECRET, shown, stopped_at(NOW)).link(DRAWN.digest, NOW) == ""


def test_a_secret_that_nobody_gave_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    made = kept_secret("", folder)
    assert kept_secret("", folder) == made and len(made) == 64
    assert [one.stat().st_mode & 0o777 for one in folder.iterdir()] == [0o600]
    assert kept_secret("0123456789abcdef", folder) == b"0123456789abcdef"


def test_a_short_secret_is_refused_and_the_next_step_told(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="openssl rand"):
        kept_secret("hunter2", tmp_path)
