"""Savings, asked as people ask, of the sample company: each is what the bill says."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

from analysis.focus import CostQuery
from analysis.periods import Period
from commands.core.answer import Buttons, Chart, File
from tests.conftest import Talk


def test_savings_climb_month_over_month_and_have_a_return(talk: Talk) -> None:
    talk.ask("assess")
    said = talk.ask("savings")

    worth = [one["annualised"] for one in said.data["climb"]]
    assert worth == sorted(worth) and worth[-1] > 3 * worth[1] > 0
    assert said.title == f"${worth[-1]:,.0f} a year saved, verified in the bill"
    assert said.data["roi"] == (said.data["annualised"] - said.data["programme"] * 12) / (said.data["programme"] * 12)
    assert [part for part in said.parts if isinstance(part, Chart)]


def test_a_line_can_be_done_again_from_the_bill(talk: Talk) -> None:
    talk.ask("assess")
    lines = talk.ask("savings").data["lines"]
    line = max(lines, key=lambda one: one["monthly"])
    before = Period(line["fixed_on"] - timedelta(days=28), line["fixed_on"])
    where = {"ResourceId": (line["resource_id"],), "CommitmentDiscountStatus": (None,)}
    billed = talk.crew.lake.ask(CostQuery(before, "USD", (), where)).total().amount

    assert round(billed / 28, 6) == line["before_a_day"]
    saved = min(line["before_a_day"] * line["season"] - line["after_a_day"], line["before_a_day"])
    assert abs(saved * Decimal("30.4375") - line["monthly"]) < Decimal("0.02")
    alone = talk.ask(f"savings {line['finding'][:8]}")
    assert alone.title == f"${line['monthly']:,.0f} a month, verified from {line['days']} billed days"


def test_what_a_commitment_covered_saves_no_cash(talk: Talk) -> None:
    talk.ask("assess")
    lines = {one["title"]: one for one in talk.ask("savings").data["lines"]}

    covered = lines["Instance platform-cache-051 had been idle"]
    assert (covered["verdict"], covered["monthly"]) == ("no cash", 0)


def test_the_ledger_is_a_file_and_is_kept(talk: Talk) -> None:
    talk.ask("assess")
    [file] = [part for part in talk.ask("savings ledger").parts if isinstance(part, File)]
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))

    assert len(rows) == len(talk.ask("savings").data["lines"]) > 15
    assert sum(Decimal(row["monthly"]) for row in rows if row["verdict"] == "verified") * 12 == Decimal(
        talk.ask("savings").data["annualised"]
    )
    kept = talk.crew.state.ledger.entries()
    assert {one.finding for one in kept} == {row["finding"] for row in rows}
    talk.ask("assess")
    assert len(talk.crew.state.ledger.entries()) == len(kept)


def test_before_anything_is_fixed_it_says_what_to_do(talk: Talk) -> None:
    said = talk.ask("savings")

    assert said.title == "No savings yet"
    [buttons] = [part for part in said.parts if isinstance(part, Buttons)]
    assert buttons.buttons[0].ask == "waste"
    assert talk.ask("savings 12345678").data["error"] == "NotFound"


def test_a_saving_is_dated_by_its_fix(talk: Talk) -> None:
    talk.ask("assess")
    fixed = [one["fixed_on"] for one in talk.ask("savings").data["lines"]]

    assert fixed == sorted(fixed, reverse=True)
    assert min(fixed) >= date(2026, 3, 1)
