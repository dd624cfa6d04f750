"""The invoice, placed line by line, asked of the sample company: it ties to the cent, or says that it does not."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from decimal import Decimal
from io import BytesIO, StringIO

import openpyxl
import pytest

from analysis.allocation_rules import ByTag, Rulebook, Selection, Shared, Split
from commands.core.answer import Answer, Text
from tests.conftest import Company, Talk

CENT = Decimal("0.01")


def words(answer: Answer) -> str:
    return "\n".join(part.text for part in answer.parts if isinstance(part, Text))


def lines(answer: Answer) -> list[dict[str, str]]:
    [document] = [one for one in answer.files if one.name.endswith(".csv")]
    return list(csv.DictReader(StringIO(document.content.decode("utf-8-sig"), newline="")))


def book(answer: Answer) -> openpyxl.Workbook:
    [document] = [one for one in answer.files if one.name.endswith(".xlsx")]
    return openpyxl.load_workbook(BytesIO(document.content))


def added(rows: list[dict[str, str]], column: str, currency: str) -> Decimal:
    return sum((Decimal(row[column]) for row in rows if row["BillingCurrency"] == currency), start=Decimal(0))


def test_the_lines_are_the_invoice_and_the_planted_truth(talk: Talk, company: Company) -> None:
    said = talk.ask("chargeback")
    totals = json.loads(next(company.folder.rglob("truths.json")).read_text())["totals"]

    rows = lines(said)
    for one in said.data["currencies"]:
        true = [row for row in totals if (row["month"], row["currency"]) == ("2026-10", one["currency"])]
        invoiced = sum((Decimal(row["BilledCost"]) for row in true), start=Decimal(0)).quantize(CENT, "ROUND_HALF_UP")
        assert one["ties"] and one["invoiced"] == one["placed"] == invoiced
        assert added(rows, "BilledCost", one["currency"]) == invoiced
        assert all(not tie["difference"] for tie in one["reconciliation"])
        assert sum(owner["BilledCost"] for owner in one["owners"]) == invoiced
    assert [one["currency"] for one in said.data["currencies"]] == ["USD", "EUR"]
    assert words(said).startswith("**Ties to the cent:**")


def test_a_correction_belongs_to_the_month_it_is_invoiced_in(talk: Talk) -> None:
    july = lines(talk.ask("chargeback 2026-07"))
    june = lines(talk.ask("chargeback 2026-06"))

    assert [row["EffectiveCost"] for row in july if row["ServiceName"] == "AWS Data Transfer"] == ["-312.40"]
    assert not [row for row in june if row["ServiceName"] == "AWS Data Transfer"]


def test_tax_credits_and_adjustments_are_lines_of_their_own(talk: Talk) -> None:
    categories = {row["ChargeCategory"] for row in lines(talk.ask("chargeback q3"))}

    assert categories == {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}


def test_rules_place_tax_too_and_it_still_ties(talk: Talk) -> None:
    crew = talk.crew.remembering(talk.crew.state)
    rules = (ByTag(("team",)), Shared("everything else", Selection(), Split.PROPORTIONAL))
    crew.report = replace(crew.report, allocation=Rulebook(rules={"team": rules}))
    said = Talk(crew).ask("chargeback")

    for one in said.data["currencies"]:
        assert one["ties"]
        assert None not in [owner["name"] for owner in one["owners"]]
    assert {row["Kind"] for row in lines(said)} == {"direct", "part of a shared cost"}
    assert "has no owner" not in words(said)


def test_the_workbook_has_a_summary_a_reconciliation_and_statements_that_add_up(talk: Talk) -> None:
    said = talk.ask("chargeback by=cost-center")
    found = book(said)
    dollars = said.data["currencies"][0]

    assert found.sheetnames[:3] == ["Summary USD", "Reconciliation USD", "CC-450 USD"]
    assert "Summary EUR" in found.sheetnames
    for owner in dollars["owners"]:
        page = found[f"{owner['name'] or '(unallocated)'} USD"]
        *rows, total = page.iter_rows(min_row=4, values_only=True)
        for column, place in (("EffectiveCost", -2), ("BilledCost", -1)):
            added = sum((Decimal(str(row[place])) for row in rows), start=Decimal(0))
            assert added == Decimal(str(total[place])) == owner[column], (owner["name"], column)
    *_, total = found["Summary USD"].iter_rows(values_only=True)
    assert Decimal(str(total[2])) == dollars["invoiced"]


def test_the_same_ask_is_the_same_document(talk: Talk) -> None:
    first, second = talk.ask("chargeback"), talk.ask("chargeback")

    assert [one.digest for one in first.files] == [one.digest for one in second.files]


def test_a_month_that_goes_on_is_not_final(talk: Talk) -> None:
    said = talk.ask("chargeback this month")

    assert not said.data["final"]
    assert "**Not final:** rows are complete up to 14 Nov 2026" in words(said)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ("chargeback 2026-10-03", "invoices are of whole months; write a month like 2026-10"),
        ("chargeback 2020", "nothing is invoiced in"),
        ("chargeback by=colour", "no dimension is named 'colour'"),
    ],
)
def test_what_cannot_be_charged_names_the_next_step(talk: Talk, ask: str, said: str) -> None:
    assert said in talk.ask(ask).data["message"]
