"""Tag keys that differ in case alone, and the month that a row is invoiced in, as dimensions of the lake."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

from analysis.focus import BILLING_PERIOD, MONTH, CostQuery
from analysis.periods import Period
from providers.lake import Lake
from tests.providers.bills import NOW, export, row, write

ALWAYS = Period(date(2020, 1, 1), date(2030, 1, 1))
KEYS = ("Tags/TEAM", "Tags/Team", "Tags/team")


def tagged(cost: str, **tags: str) -> dict[str, str]:
    return row(BilledCost=cost, EffectiveCost=cost, Tags=json.dumps(tags))


def test_two_spellings_of_a_key_are_two_columns(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    rows = [
        tagged("1", team="a"),
        tagged("2", Team="a"),
        tagged("4", TEAM="A"),
        tagged("8", team="b", Team="c"),
        tagged("16"),
    ]
    lake.ingest([export(write(tmp_path / "1.csv", rows))], NOW)

    found = {
        key[:-1]: key[-1] for key in lake.ask(CostQuery(ALWAYS, "USD", KEYS)).data.itertuples(index=False, name=None)
    }
    assert found == {
        (None, None, "a"): 1,
        (None, "a", None): 2,
        ("A", None, None): 4,
        (None, "c", "b"): 8,
        (None, None, None): 16,
    }
    bare = dict.fromkeys(KEYS, (None,))
    assert lake.ask(CostQuery(ALWAYS, "USD", (), bare)).total().amount == 16
    assert list(lake.names("Tags/Team")) == ["a", "c"]


def test_a_correction_is_found_in_the_month_that_it_is_invoiced_in(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    invoiced = {"BillingPeriodStart": "2026-03-01T00:00:00Z", "BillingPeriodEnd": "2026-04-01T00:00:00Z"}
    charged = {"ChargePeriodStart": "2026-02-17T00:00:00Z", "ChargePeriodEnd": "2026-02-18T00:00:00Z"}
    lake.ingest(
        [export(write(tmp_path / "1.csv", [row(BilledCost="7", EffectiveCost="7", **invoiced, **charged)]))], NOW
    )

    for by in ((BILLING_PERIOD,), (BILLING_PERIOD, "ResourceId")):  # of the daily sums, and of the rows
        query = CostQuery(ALWAYS, "USD", by, {BILLING_PERIOD: ("2026-03-01",)})
        [(month, *_, cost)] = lake.ask(query).data.itertuples(index=False, name=None)
        assert (month, cost) == (date(2026, 3, 1), Decimal(7))
    assert not len(lake.ask(CostQuery(ALWAYS, "USD", (), {BILLING_PERIOD: ("2026-02-01",)})))
    assert lake.ask(CostQuery(ALWAYS, "USD", (), {MONTH: ("2026-02-01",)})).total().amount == 7
