"""Exports on a disk: which files belong together, which are complete, and which is the newer."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis.errors import BadData
from providers.focus import FocusProvider, local
from providers.provider import Billed
from tests.builders import quietly
from tests.providers.bills import NOW, row, write


def names(path: Path | str) -> list[tuple[str, list[str]]]:
    return [(export.name, [file.name for file in export.files]) for export in local(str(path))]


def aged(file: Path, second: int) -> Path:
    os.utime(file, (second, second))
    return file


def test_the_parts_of_one_name_are_one_export_and_other_files_stand_for_themselves(tmp_path: Path) -> None:
    for number, name in enumerate(["cost-00001.csv.gz", "cost-00002.csv.gz", "2026-02.csv", "2026-02-again.csv"]):
        aged(write(tmp_path / name, [row()]), number)

    assert names(tmp_path) == [
        ("cost", ["cost-00001.csv.gz", "cost-00002.csv.gz"]),
        ("2026-02", ["2026-02.csv"]),
        ("2026-02-again", ["2026-02-again.csv"]),
    ] or names(tmp_path) == [
        (f"{tmp_path.name}/cost", ["cost-00001.csv.gz", "cost-00002.csv.gz"]),
        (f"{tmp_path.name}/2026-02", ["2026-02.csv"]),
        (f"{tmp_path.name}/2026-02-again", ["2026-02-again.csv"]),
    ]


def test_an_export_is_as_old_as_its_newest_file_in_utc(tmp_path: Path) -> None:
    aged(write(tmp_path / "cost-00001.csv", [row()]), 1_000_000)
    aged(write(tmp_path / "cost-00002.csv", [row()]), 2_000_000)

    [export] = local(str(tmp_path), "ours")

    assert export.made_at == datetime.fromtimestamp(2_000_000, UTC)
    assert export.provider == "ours"


def test_the_oldest_export_comes_first(tmp_path: Path) -> None:
    aged(write(tmp_path / "a" / "new.csv", [row()]), 2_000)
    aged(write(tmp_path / "b" / "old.csv", [row()]), 1_000)

    assert [export.files[0].name for export in local(str(tmp_path))] == ["old.csv", "new.csv"]


def test_a_manifest_beside_its_parts_leaves_what_it_does_not_name(tmp_path: Path) -> None:
    run = tmp_path / "20260301-20260331" / "run-1"
    for name in ("part_0_0001.csv.gz", "part_1_0001.csv.gz", "left-over.csv.gz"):
        write(run / name, [row()])
    blobs = [{"blobName": f"exports/20260301-20260331/run-1/part_{part}_0001.csv.gz"} for part in (0, 1)]
    (run / "manifest.json").write_text(json.dumps({"blobs": blobs, "blobCount": 2}))

    assert names(tmp_path) == [("20260301-20260331/run-1", ["part_0_0001.csv.gz", "part_1_0001.csv.gz"])]


def test_a_manifest_may_lie_in_a_folder_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "data" / "BILLING_PERIOD=2026-03" / "bill-00001.csv.gz", [row()])
    metadata = tmp_path / "metadata" / "BILLING_PERIOD=2026-03"
    metadata.mkdir(parents=True)
    listed = ["s3://bucket/bill/data/BILLING_PERIOD=2026-03/bill-00001.csv.gz"]
    (metadata / "bill-Manifest.json").write_text(json.dumps({"dataFiles": listed}))

    assert names(tmp_path) == [("metadata/BILLING_PERIOD=2026-03", ["bill-00001.csv.gz"])]


def test_an_export_that_is_still_being_written_is_left_for_later(tmp_path: Path) -> None:
    write(tmp_path / "run" / "part_0_0001.csv", [row()])
    (tmp_path / "run" / "manifest.json").write_text('{"blobs": ["run/part_0_0001.csv", "run/part_1_0001.csv"]}')

    assert names(tmp_path) == []


def test_a_glob_and_a_single_file_will_do(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", [row()])
    write(tmp_path / "b.parquet", "not looked into")
    write(tmp_path / "c.txt", "no export")

    assert len(names(tmp_path / "*")) == 2
    assert len(names(tmp_path / "a.csv")) == 1


def test_nothing_to_read_is_an_error_that_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"no FOCUS files there; files that end in \.csv"):
        list(local(str(tmp_path / "nowhere")))


def test_a_manifest_that_is_no_json_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", [row()])
    (tmp_path / "manifest.json").write_text("{")

    with pytest.raises(BadData, match=r"manifest\.json: cannot be read as a manifest"):
        list(local(str(tmp_path)))


def test_files_are_a_provider_without_an_inventory(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", [row()])
    provider = FocusProvider("files", str(tmp_path))

    assert [export.provider for export in provider.exports(NOW, quietly)] == ["files"]
    assert provider.inventory(NOW, Billed(), quietly).resources == ()
