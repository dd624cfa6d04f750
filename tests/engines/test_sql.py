"""The SQL of every kind of question, as engines elsewhere are asked it.

``python -m tests.engines.test_sql`` writes it anew, to be read before it is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ibis
import pytest

from analysis.errors import BadConfig
from analysis.periods import Period
from providers.lake import lake as asking
from providers.lake.engines import opened
from providers.lake.engines.warehouse import question_of
from providers.lake.shelf import Partition, Shelf
from tests.engines.questions import OCTOBER, QUESTIONS

DIALECTS = ("trino", "athena", "databricks", "clickhouse")
SNAPSHOTS = Path(__file__).with_name("snapshots")
TEXTS = ("BillingCurrency", "ProviderName", "BillingAccountId", "SubAccountId", "ServiceName", "RegionId")
OF_ROWS = ("ResourceId", "SkuId", "SkuMeter", "PricingUnit", "CommitmentDiscountId", "CommitmentDiscountStatus")
BOTH = {**dict.fromkeys((*TEXTS, "ChargeCategory"), "string"), "Tags": "map<string, string>"}
COSTS = dict.fromkeys(("BilledCost", "EffectiveCost"), "decimal(38, 20)")
MART = {"BillingPeriod": "date", "Day": "date", **BOTH, **COSTS}
TIMES = dict.fromkeys(("BillingPeriodStart", "ChargePeriodStart"), "timestamp(6)")
ROWS = {**TIMES, **BOTH, **dict.fromkeys(OF_ROWS, "string"), "PricingQuantity": "decimal(38, 18)", **COSTS}


def view() -> asking.View:
    """A lake that is nowhere, with those columns of one that are asked for."""
    part = Partition("load-1", False, "export", "aws", "2026-11-01", 1, tags=("team", "Team"))
    shelf = Shelf({"1|2026-10": part})
    return asking.View(shelf, ibis.table(MART, "mart"), ibis.table(ROWS, "rows"), None)


def said(dialect: str) -> Iterator[str]:
    """Every question in one dialect."""
    seen = view()
    expressions = {name: asking._asked(seen, query) for name, query in QUESTIONS.items()}
    expressions |= {
        "how far the rows reach": asking._spans(seen.mart),
        "where anything was billed": asking._places(seen, OCTOBER),
        "what each resource is billed a month": asking._billed(seen.rows, Period(OCTOBER.start, OCTOBER.end)),
    }
    for name, expression in expressions.items():
        yield f"-- {name}\n{question_of(expression, dialect)};\n"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_kind_of_question_is_said_as_it_was_read(dialect: str) -> None:
    assert "\n".join(said(dialect)) == (SNAPSHOTS / f"{dialect}.sql").read_text("utf-8")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("snowflake://host", "there is no engine 'snowflake'"),
        ("trino://ana:secret@host/hive/costs", "holds a password"),
        ("trino://host/hive", "a catalog and a schema"),
        ("athena://eu-west-1/costs", "files= is missing"),
        ("athena:///costs?files=s3://bucket/folder", "names no host"),
        ("databricks://host/main/costs?warehouse=1&volume=files", "DATABRICKS_TOKEN is not in the environment"),
    ],
)
def test_what_is_missing_is_named(url: str, wanted: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=wanted):
        opened(url, tmp_path)


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    for one in DIALECTS:
        (SNAPSHOTS / f"{one}.sql").write_text("\n".join(said(one)), "utf-8")
