"""Business figures from a file, an address and a database: read as they are, refused by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from analysis.errors import BadData, UnknownName
from providers.drivers import Book, Source
from providers.drivers.book import read

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
CSV = 'day,orders\n2026-10-01,10\n2026-10-02,\n2026-10-03,"1,200.5"\n'
EXPECTED = {date(2026, 10, 1): Decimal(10), date(2026, 10, 3): Decimal("1200.5")}


@contextmanager
def answering(body: bytes, kind: str = "text/csv", status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """An address on loopback that answers so, and the Authorization headers that it got."""
    seen: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/orders?token=hidden", seen
    finally:
        server.shutdown()
        server.server_close()


def test_a_file_is_read_and_an_empty_cell_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(CSV)

    for where in (str(path), f"csv:{path}"):
        assert read(Source("orders", where, "orders")).days == EXPECTED


def test_an_address_answers_csv_or_json() -> None:
    with answering(CSV.encode()) as (where, seen):
        found = read(Source("orders", where, "orders", headers={"Authorization": "Bearer 1"}))
        assert found.days == EXPECTED and seen == ["Bearer 1"]
    rows = b'[{"day": "2026-10-01", "orders": 10}, {"day": "2026-10-03T00:00:00Z", "orders": 1200.5}]'
    with answering(rows, "application/json; charset=utf-8") as (where, _):
        assert read(Source("orders", where, "orders")).days == EXPECTED


def test_a_database_is_asked_and_never_changed(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as shop:
        shop.execute("CREATE TABLE sale (day TEXT, number INTEGER)")
        shop.executemany("INSERT INTO sale VALUES (?, ?)", [("2026-10-01", 4), ("2026-10-01", 6), ("2026-10-03", 7)])
        shop.commit()
    query = "SELECT day, sum(number) AS orders FROM sale GROUP BY day"

    found = read(Source("orders", f"sqlite:///{path}", "orders", query=query))
    assert found.days == {date(2026, 10, 1): Decimal(10), date(2026, 10, 3): Decimal(7)}
    with pytest.raises(BadData):
        read(Source("orders", f"sqlite:///{path}", "orders", query="DELETE FROM sale"))
    with closing(sqlite3.connect(path)) as shop:
        assert shop.execute("SELECT count(*) FROM sale").fetchone() == (3,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("day,customers\n2026-10-01,1\n", "there is no column 'orders'; there are day, customers"),
        ("day,orders\nsoon,1\n", "row 1: 'soon', '1' is no day with a figure"),
        ("day,orders\n2026-10-01,-3\n", "is no day with a figure of 0 or more"),
        ("day,orders\n2026-10-01,nan\n", "is no day with a figure of 0 or more"),
        ("day,orders\n", "has no figures in column 'orders'"),
    ],
)
def test_a_file_that_is_not_what_was_expected_says_so(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(text)
    with pytest.raises(BadData, match=said):
        read(Source("orders", str(path), "orders"))


def test_a_source_that_cannot_be_read_is_named_without_its_secrets(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"driver orders: .*cannot be read"):
        read(Source("orders", str(tmp_path / "absent.csv"), "orders"))
    with answering(b"no", status=503) as (where, _), pytest.raises(BadData, match="does not answer") as caught:
        read(Source("orders", where, "orders"))
    assert "hidden" not in str(caught.value)
    with answering(b'{"day": 1}', "application/json") as (where, _), pytest.raises(BadData, match="no list of objects"):
        read(Source("orders", where, "orders"))
    with answering(b"[", "application/json") as (where, _), pytest.raises(BadData, match="neither JSON nor CSV"):
        read(Source("orders", where, "orders"))
    with pytest.raises(BadData, match="driver orders: "):
        read(Source("orders", "postgresql+psycopg://127.0.0.1:1/shop", "orders", query="SELECT 1"))
    with pytest.raises(BadData, match="driver orders: "):
        read(Source("orders", "nosuch://shop", "orders", query="SELECT 1"))


def test_a_book_reads_again_after_an_hour(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(CSV)
    moment = [NOW]
    book = Book([Source("orders", str(path), "orders")], lambda: moment[0])
    assert book.names() == ["orders"]
    assert book.series("orders").days == EXPECTED

    path.write_text("day,orders\n2026-10-01,99\n")
    assert book.series("orders").days == EXPECTED
    moment[0] += timedelta(hours=2)
    assert book.series("orders").days == {date(2026, 10, 1): Decimal(99)}
    with pytest.raises(UnknownName, match="did you mean orders"):
        book.series("order")
