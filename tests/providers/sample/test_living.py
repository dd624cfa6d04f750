"""A company in which time passes: the past stays, new days come, and what was fixed is billed no longer."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from analysis.estate import Disk, Machine
from analysis.findings import Action
from providers.provider import Billed
from providers.sample import SampleProvider
from providers.sample.changes import Change
from providers.sample.living import LivingCompany

BEGAN = date(2026, 11, 27)
Bill = dict[tuple[date, str], Decimal]


def billed(company: LivingCompany, column: str) -> Bill:
    """What is billed a day, by the values of a column."""
    found: Bill = defaultdict(Decimal)
    for export in company.exports(datetime(2026, 11, 27, tzinfo=UTC), lambda _share, _what: None):
        read = "read_parquet" if export.files[0].suffix == ".parquet" else "read_csv"
        rows = duckdb.connect().execute(
            f"SELECT CAST(ChargePeriodStart AS DATE), {column}, SUM(CAST(EffectiveCost AS DECIMAL(38, 10)))"
            f" FROM {read}(?) WHERE ChargeCategory = 'Usage' GROUP BY ALL",
            [[str(file) for file in export.files]],
        )
        for day, name, cost in rows.fetchall():
            found[day, str(name)] += cost
    return found


def seen(company: LivingCompany, name: str) -> Disk | Machine | None:
    inventory = company.inventory(datetime(2026, 12, 2, tzinfo=UTC), Billed(), lambda _share, _what: None)
    found = [one for one in inventory.resources if one.name == name]
    return found[0] if found else None  # type: ignore[return-value]


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> SampleProvider:
    return SampleProvider.cached(tmp_path_factory.mktemp("company"), BEGAN, months=2)


@pytest.fixture
def company(beginning: SampleProvider, tmp_path: Path) -> LivingCompany:
    return LivingCompany(beginning, tmp_path / "company", months=2)


def test_the_past_stays_and_new_days_come_over_the_end_of_a_month(company: LivingCompany) -> None:
    before = billed(company, "ServiceName")
    company.go_on(date(2026, 12, 3), ())
    after = billed(company, "ServiceName")

    settled = [key for key in before if key[0] < BEGAN - timedelta(days=3)]
    assert settled and all(before[key] == after[key] for key in settled)
    assert max(day for day, _ in after) == date(2026, 12, 2)
    assert sum(after[key] for key in after if key[0] == date(2026, 11, 26)) > 5000  # the late rows have arrived


def test_in_one_step_or_day_by_day_it_is_the_same_bill(
    company: LivingCompany, beginning: SampleProvider, tmp_path: Path
) -> None:
    other = LivingCompany(beginning, tmp_path / "other", months=2)
    company.go_on(date(2026, 12, 2), ())
    for days in range(1, 6):
        other.go_on(BEGAN + timedelta(days=days), ())

    assert other.as_of == company.as_of
    assert billed(company, "ResourceId") == billed(other, "ResourceId")


def test_what_was_deleted_stopped_or_made_smaller_is_billed_so_from_that_day_on(company: LivingCompany) -> None:
    on = BEGAN + timedelta(days=1)
    disk, idle, large = (
        seen(company, name) for name in ("search-reindex-2025", "jenkins-retired", "vm-warehouse-sync")
    )
    assert isinstance(disk, Disk) and isinstance(idle, Machine) and isinstance(large, Machine)
    untouched = billed(company, "ResourceId")
    company.go_on(
        date(2026, 12, 5),
        (
            Change(disk.id, Action.DELETE_DISK, "", on),
            Change(idle.id, Action.STOP_MACHINE, "", on),
            Change(large.id, Action.RESIZE_MACHINE, "Standard_D8s_v5", on),
        ),
    )
    bill = billed(company, "ResourceId")
    before, after = on - timedelta(days=1), on + timedelta(days=1)

    assert bill[before, disk.id] > 0 and bill[after, disk.id] == 0
    assert bill[before, idle.id] > 0 and bill[after, idle.id] == 0
    assert bill[after, large.id] * 2 == bill[before, large.id] > 0
    long_ago = BEGAN - timedelta(days=9)
    assert {key: cost for key, cost in untouched.items() if key[0] == long_ago} == {
        key: cost for key, cost in bill.items() if key[0] == long_ago
    }
    assert seen(company, disk.name) is None
    stopped, smaller = seen(company, idle.name), seen(company, large.name)
    assert isinstance(stopped, Machine) and not stopped.running
    assert isinstance(smaller, Machine) and smaller.size.name == "Standard_D8s_v5"
    assert smaller.metrics["cpu_percent"].average == large.metrics["cpu_percent"].average * 2


def test_a_surprise_comes_on_later_days_and_is_in_no_first_report(company: LivingCompany) -> None:
    first = billed(company, "SubAccountName || ' ' || ServiceName")
    company.go_on(BEGAN + timedelta(days=1), ())
    later = billed(company, "SubAccountName || ' ' || ServiceName")

    day, name = BEGAN - timedelta(days=3), "apex-shop-prod AWS Lambda"
    assert 600 < later[day, name] - first[day, name] < 660
    assert first[day - timedelta(days=1), name] == later[day - timedelta(days=1), name]
