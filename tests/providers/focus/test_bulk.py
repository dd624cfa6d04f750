"""Export bombs: files that become far more than they look are refused before anything is written."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest

from analysis.errors import BadData
from providers.focus.bulk import Bulk, refuse_bombs
from tests.providers.bills import parquet, row, write

SMALL = Bulk(harmless=1 << 20)


def test_a_gzip_bomb_is_refused_without_being_opened_to_its_end(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(gzip.compress(b"0" * (8 << 20)))

    with duckdb.connect() as duck, pytest.raises(BadData, match=r"bomb\.csv\.gz: .* are no export"):
        refuse_bombs(duck, [bomb], SMALL)


def test_a_parquet_bomb_is_refused_by_its_footer(tmp_path: Path) -> None:
    bomb = parquet(tmp_path / "bomb.parquet", "SELECT 1 AS one FROM range(20000000)")

    with duckdb.connect() as duck, pytest.raises(BadData, match=r"bomb\.parquet: .* are no export"):
        refuse_bombs(duck, [bomb], SMALL)


def test_a_file_may_be_too_large_however_well_it_is_packed(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [row()] * 100)

    with duckdb.connect() as duck, pytest.raises(BadData):
        refuse_bombs(duck, [file], Bulk(largest=1000, harmless=10))


def test_ordinary_files_pass_and_a_cut_off_one_is_named(tmp_path: Path) -> None:
    packed = write(tmp_path / "a.csv.gz", [row()] * 5000)
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(packed.read_bytes()[:-20])

    with duckdb.connect() as duck:
        refuse_bombs(duck, [packed], Bulk())
        with pytest.raises(BadData, match=r"cut\.csv\.gz: cannot be opened"):
            refuse_bombs(duck, [cut], Bulk())
