"""The sample company as a provider."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from providers.provider import Billed, Provider
from providers.sample import SampleFolder, SampleProvider
from providers.sample.write import write
from tests.builders import quietly
from tests.providers.sample.conftest import AS_OF

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)


def test_it_is_a_provider_like_the_others(apex: SampleFolder) -> None:
    provider: Provider = SampleProvider(apex)

    assert provider.name == "sample"
    assert {resource.provider for resource in provider.inventory(NOW, Billed(), quietly).resources} == {"sample"}


def test_each_export_stands_for_one_billing_period_of_one_cloud(apex: SampleFolder) -> None:
    exports = list(SampleProvider(apex).exports(NOW, quietly))

    assert len(exports) == 26
    assert {export.made_at for export in exports} == {datetime(2026, 11, 18, tzinfo=UTC)}
    assert [export.name for export in exports[:2]] == ["aws 2025-11", "aws 2025-12"]
    assert all(path.exists() for export in exports for path in export.files)
    assert {path.suffix for export in exports for path in export.files} == {".parquet", ".gz"}


def test_budgets_are_a_currency_or_an_account_each(apex: SampleFolder) -> None:
    budgets = SampleProvider(apex).budgets(AS_OF)
    whole = {budget.amount.currency: budget.amount.amount for budget in budgets if not budget.account}

    assert whole.keys() == {"USD", "EUR"}
    assert len(budgets) == 11
    for currency, told in apex.truths()["future"].items():
        assert abs(whole[currency] / Decimal(told[0]["EffectiveCost"]) - 1) < Decimal("0.15")


def test_commitments_are_told_with_the_ends_that_were_planted(apex: SampleFolder) -> None:
    terms = SampleProvider(apex).commitments(NOW)

    assert {term.id: term.ends.isoformat() for term in terms} == {
        told["id"]: told["ends"] for told in apex.truths()["commitments"]
    }
    assert {term.years for term in terms} == {3}


def test_drivers_are_told_up_to_yesterday(apex: SampleFolder) -> None:
    with (apex.root / "drivers.csv").open() as file:
        rows = list(csv.DictReader(file))

    assert (rows[0]["day"], rows[-1]["day"]) == ("2025-11-01", "2026-11-17")
    assert all(0 < int(row["orders"]) < int(row["customers"]) for row in rows)


def test_it_is_made_once_a_day_and_replaces_yesterdays(tmp_path: Path) -> None:
    said: list[str] = []

    def progress(_share: float, what: str) -> None:
        said.append(what)

    first = SampleProvider.cached(tmp_path, AS_OF, months=2, progress=progress)
    made = len(said)
    again = SampleProvider.cached(tmp_path, AS_OF, months=2, progress=progress)
    other = SampleProvider.cached(tmp_path, AS_OF, months=2, seed=2)
    tomorrow = SampleProvider.cached(tmp_path, AS_OF + timedelta(days=1), months=2)

    assert made > 4 and len(said) == made
    assert first.folder == again.folder
    assert not first.folder.root.exists()
    assert sorted(tmp_path.iterdir()) == sorted([other.folder.root, tomorrow.folder.root])


def test_half_a_company_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    def broken(share: float, _what: str) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    try:
        SampleProvider.cached(tmp_path, AS_OF, months=2, progress=broken)
    except KeyboardInterrupt:
        assert not list(tmp_path.iterdir())
    whole = SampleProvider.cached(tmp_path, AS_OF, months=2)

    assert len(list(whole.exports(NOW, quietly))) == 4


def test_a_folder_that_was_written_can_be_read_again(tmp_path: Path) -> None:
    write(tmp_path / "company", as_of=date(2026, 2, 10), months=2)

    assert SampleProvider.of(tmp_path / "company").folder.as_of == date(2026, 2, 10)
