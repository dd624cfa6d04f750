"""FOCUS exports in blob storage: found, fetched whole, and each month counted once, whatever lies beside it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from azure.storage.blob import ContainerClient

from analysis.errors import BadConfig, BadData, NotReadable
from analysis.focus import CostQuery
from analysis.periods import month_of
from providers.azure.connection import Connection
from providers.azure.exports import FOCUS, Fetched, Found, addressed, chosen, discovered, fetch
from providers.lake import Lake
from tests.azure.azurite import ACCOUNT
from tests.azure.bills import BILLING, ONE, TWO, charge, configured, deliver, exports, finished
from tests.azure.double import Double
from tests.builders import quietly
from tests.providers.bills import text

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)


def found(blobs: ContainerClient, name: str = "finops", scope: str = BILLING) -> Found:
    return Found(name, scope, FOCUS, "1.2-preview", ACCOUNT, blobs.container_name, "cost")


def fetched(azure: Double, which: Found | Sequence[Found], tmp_path: Path, **said: Any) -> Fetched:
    every = [which] if isinstance(which, Found) else which
    connection: Connection = said.pop("connection", None) or azure.connection()
    return fetch(connection, every, tmp_path / "cache", NOW, **({"progress": quietly} | said))


def total(read: Fetched, tmp_path: Path, month: str = "2026-10") -> Decimal:
    lake = Lake.open("duckdb://", tmp_path / "lake")
    lake.ingest(read.exports, NOW)
    return lake.ask(CostQuery(month_of(date.fromisoformat(f"{month}-01")), "USD")).total().amount


def test_a_month_in_several_files_is_read_whole_by_its_manifest(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    folder = deliver(blobs, [charge("2026-10-01", "1.25"), charge("2026-10-02", "2.5")], parts=2)
    blobs.upload_blob(f"{folder}/part_7_0001.csv.gz", b"left over from another run")

    read = fetched(azure, found(blobs), tmp_path)

    assert [(one.name, len(one.files)) for one in read.exports] == [("finops 2026-10", 2)]
    assert total(read, tmp_path) == Decimal("3.75") and read.warnings == ()


def test_each_run_is_the_whole_month_so_far_and_only_the_newest_counts(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    for day in range(1, 6):
        deliver(blobs, [charge(f"2026-11-{each:02}", "10") for each in range(1, day + 1)], month="2026-11")
        assert total(fetched(azure, found(blobs), tmp_path), tmp_path, "2026-11") == 10 * day

    assert len(list((tmp_path / "cache").glob("*/2026-11/*"))) == 1


@pytest.mark.parametrize("kind", [".csv", ".csv.gz", ".parquet"])
def test_every_form_that_azure_writes_is_read(azure: Double, blobs: ContainerClient, tmp_path: Path, kind: str) -> None:
    rows = [charge("2026-10-01", "1.25"), charge("2026-10-02", "2.5")]
    if kind == ".parquet":
        folder = "cost/finops/20261001-20261031/202611010215/run-1"
        out = io.BytesIO()
        kinds = {"ConvertOptions": pc.ConvertOptions(column_types=dict.fromkeys(rows[0], pa.string()))}
        pq.write_table(
            pc.read_csv(io.BytesIO(text(rows).encode()), convert_options=kinds["ConvertOptions"]),
            out,
            compression="snappy",
        )
        name = f"{folder}/part_0_0001.snappy.parquet"
        blobs.upload_blob(name, out.getvalue())
        finished(blobs, folder, "finops", [{"blobName": name, "byteCount": len(out.getvalue())}], None)
    else:
        deliver(blobs, rows, ending=kind)

    assert total(fetched(azure, found(blobs), tmp_path), tmp_path) == Decimal("3.75")


def test_what_has_not_changed_is_not_fetched_again(azure: Double, blobs: ContainerClient, tmp_path: Path) -> None:
    for month in ("2026-09", "2026-10", "2026-11"):
        deliver(blobs, [charge(f"{month}-01", "1")], month=month)
    fetched(azure, found(blobs), tmp_path)
    again = azure.connection()

    assert len(fetched(azure, found(blobs), tmp_path, connection=again).exports) == 3
    assert dict(again.calls) == {"blob/GET": 1}  # the list


def test_a_closed_month_that_is_restated_takes_the_place_of_the_old_one_and_is_told(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    deliver(blobs, [charge("2026-08-01", "1")], month="2026-08")
    first = fetched(azure, found(blobs), tmp_path)
    assert total(first, tmp_path, "2026-08") == 1
    deliver(blobs, [charge("2026-08-01", "3")], month="2026-08")
    second = fetched(azure, found(blobs), tmp_path)

    assert second.warnings == ("2026-08 of finops was closed and has been delivered anew",)
    assert total(second, tmp_path, "2026-08") == 3
    assert not first.exports[0].files[0].exists()


@pytest.mark.parametrize("manifest", [None, b'{"blobs": [', b"{}", b'{"blobCount": 2, "blobs": []}', b"[]"])
def test_a_run_that_is_half_written_leaves_the_run_before_it(
    azure: Double, blobs: ContainerClient, tmp_path: Path, manifest: bytes | None
) -> None:
    deliver(blobs, [charge("2026-11-01", "5")], month="2026-11")
    assert total(fetched(azure, found(blobs), tmp_path), tmp_path, "2026-11") == 5
    deliver(blobs, [charge("2026-11-01", "6")], month="2026-11", lost=1, manifest=manifest)
    read = fetched(azure, found(blobs), tmp_path)

    assert total(read, tmp_path, "2026-11") == 5
    assert "2026-11 of finops: " in read.warnings[0] and "the run before it stands" in read.warnings[0]


def test_a_run_without_a_manifest_is_no_run_yet(azure: Double, blobs: ContainerClient, tmp_path: Path) -> None:
    deliver(blobs, [charge("2026-10-01", "5")])
    blobs.upload_blob("cost/finops/20261001-20261031/run-9/part_0_0001.csv.gz", b"being written")

    read = fetched(azure, found(blobs), tmp_path)

    assert total(read, tmp_path) == 5 and read.warnings == ()


def test_of_two_runs_of_which_the_newest_lost_a_file_the_other_is_read_at_the_first_look(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    deliver(blobs, [charge("2026-10-01", "5")])
    deliver(blobs, [charge("2026-10-01", "6")], lost=1)
    read = fetched(azure, found(blobs), tmp_path)

    assert total(read, tmp_path) == 5
    assert "is not there yet; the run before it is read" in read.warnings[0]


def test_a_file_that_came_short_is_no_file(azure: Double, blobs: ContainerClient, tmp_path: Path) -> None:
    folder = "cost/finops/20261001-20261031/run-1"
    blobs.upload_blob(f"{folder}/part_0_0001.csv", text([charge("2026-10-01", "5")]).encode())
    finished(blobs, folder, "finops", [{"blobName": f"{folder}/part_0_0001.csv", "byteCount": 9_999}], None)

    with pytest.raises(BadData, match="nothing has been delivered to apexbill/bill-"):
        fetched(azure, found(blobs), tmp_path)


def test_parts_of_a_month_and_several_months_at_once_are_left_alone(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    deliver(blobs, [charge("2026-10-01", "5")])
    deliver(blobs, [charge("2026-10-11", "1")], span="20261010-20261020")
    deliver(blobs, [charge("2026-10-11", "1")], span="20260901-20261130")

    assert total(fetched(azure, found(blobs), tmp_path), tmp_path) == 5


def test_a_manifest_that_leads_out_of_its_container_is_not_followed(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    deliver(blobs, [charge("2026-10-01", "5")], manifest=b'{"blobs": [{"blobName": "../../other/secrets.csv"}]}')

    with pytest.raises(BadData, match="nothing has been delivered"):
        fetched(azure, found(blobs), tmp_path)
    assert not list(tmp_path.rglob("*secrets*"))


def test_exports_of_two_subscriptions_of_one_billing_account_are_one_bill(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    both = [found(blobs, "one", ONE), found(blobs, "two", TWO)]
    deliver(blobs, [charge("2026-10-01", "5")], export="one")
    deliver(blobs, [charge("2026-10-01", "7", SubAccountId=TWO)], export="two")
    assert total(fetched(azure, both, tmp_path), tmp_path) == 12

    deliver(blobs, [charge("2026-10-01", "8", SubAccountId=TWO)], export="two")
    assert total(fetched(azure, both, tmp_path), tmp_path) == 13


def test_an_export_that_may_not_be_read_is_named_and_its_rows_stand(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    both = [found(blobs, "one", ONE), found(blobs, "two", TWO)]
    deliver(blobs, [charge("2026-10-01", "5")], export="one")
    deliver(blobs, [charge("2026-10-01", "7", SubAccountId=TWO)], export="two")
    fetched(azure, both, tmp_path)
    gone = [both[0], Found("two", TWO, FOCUS, "1.2-preview", ACCOUNT, "no-such-container", "cost")]
    for folder in (tmp_path / "cache").glob("two-*"):
        folder.rename(folder.parent / _home_of(gone[1]))
    read = fetched(azure, gone, tmp_path)

    assert read.warnings[0] == "1 of 2 exports were read"
    assert "ContainerNotFound: there is no such container; its rows of 2026-10 and before stand" in read.warnings[1]
    assert total(read, tmp_path) == 12


def _home_of(one: Found) -> str:
    from providers.azure.exports import _folder

    return _folder(one)


def test_a_container_that_is_not_there_is_said(azure: Double, blobs: ContainerClient, tmp_path: Path) -> None:  # noqa: ARG001
    nowhere = Found("finops", BILLING, FOCUS, "", ACCOUNT, "no-such-container", "cost")

    with pytest.raises(NotReadable, match="export finops in apexbill/no-such-container/cost/finops: ContainerNotFound"):
        fetched(azure, nowhere, tmp_path)


def test_the_exports_of_a_scope_are_found_the_best_first(azure: Double) -> None:
    listed = [
        configured("actual", container="a", kind="ActualCost"),
        configured("old", container="b", version="1.0"),
        configured("broken", container="c", last="Failed"),
        configured("best", container="d"),
        configured("off", container="e", status="Inactive"),
    ]
    exports(azure, BILLING, *listed)

    every = discovered(azure.connection(), BILLING)

    assert [one.name for one in every] == ["best", "old", "broken", "off", "actual"]
    assert every[0].where == "apexbill/d/cost/best"
    assert "its last run failed (Failed)" in every[2].trouble and "switched off" in every[3].trouble
    assert azure.calls[0].query["$expand"] == "runHistory"


def test_of_exports_that_overlap_one_is_read() -> None:
    def one(name: str, scope: str, kind: str = FOCUS) -> Found:
        return Found(name, scope, kind, "1.2", ACCOUNT, "bill", "")

    wide, told = chosen([one("a", ONE), one("all", BILLING), one("b", f"{BILLING}/billingProfiles/x")])
    assert [each.name for each in wide] == ["all"]
    assert told == ("1 exports of subscriptions are not read: the billing account's holds them",)

    narrow, told = chosen([one("a", ONE), one("group", f"{ONE}/resourceGroups/x"), one("b", TWO)])
    assert [each.name for each in narrow] == ["a", "b"] and told == ()

    none, told = chosen([one("costs", ONE, "AmortizedCost")])
    assert none == [] and told == ("exports that are no FOCUS exports are not read: costs (AmortizedCost)",)


def test_an_export_may_be_named_by_its_address() -> None:
    at = addressed("https://apexbill.blob.core.windows.net/bill/cost/focus/finops")

    assert (at.account, at.container, at.prefix) == ("apexbill", "bill", "cost/focus/finops/")
    with pytest.raises(BadConfig, match="is no export's address"):
        addressed("https://apexbill.blob.core.windows.net/bill")


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    folder = "cost/finops/20261001-20261031/run-1"
    finished(blobs, folder, "finops", [{"blobName": f"{folder}/part_0_0001.csv", "byteCount": 10**15}], None)

    with pytest.raises(BadData, match=r"no room for the export: .* set data.folder to a larger disk"):
        fetched(azure, found(blobs), tmp_path)


def test_what_azure_leaves_empty_or_nought_is_read_as_it_is_meant(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    reserved = "/providers/Microsoft.Capacity/reservationOrders/ABC/reservations/DEF"
    nought = {"ListCost": "0", "ContractedCost": "0"}
    rows = [
        charge("2026-10-01", "3", "", **nought, PublisherName="Elastic", CommitmentDiscountId=""),
        charge("2026-10-01", "2", **nought, PublisherName="", CommitmentDiscountId=reserved),
    ]
    deliver(blobs, rows)
    lake = Lake.open("duckdb://", tmp_path / "lake")
    lake.ingest(fetched(azure, found(blobs), tmp_path).exports, NOW)
    asked = CostQuery(month_of(date(2026, 10, 1)), "USD", by=("ServiceName",))

    by_service = {key: str(value) for key, value in lake.ask(asked).by("ServiceName")}
    assert by_service == {"Elastic": "$3.00", "Virtual Machines": "$2.00"}
