"""Commitments: what was used, unused, covered and saved, and what ends."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as some

from analysis.commitments import (
    Kept,
    Kind,
    Line,
    Standing,
    Term,
    by_month,
    expiries,
    kind_of,
    realised,
    remarks,
    standings,
    unpriced,
)
from analysis.eligible_usage import usage_of
from analysis.money import Money
from analysis.offers import OFFERS
from analysis.periods import Period, month_of

OCTOBER = month_of(date(2026, 10, 1))
DAY = OCTOBER.start
AWS = OFFERS[0]
ZERO = Decimal(0)


def line(kind: Kind, effective: str, *, eligible: bool = False, contracted: str = "0", listed: str = "0") -> Line:
    return Line(DAY, "AWS", kind, eligible, Decimal(effective), Decimal(contracted), Decimal(listed))


def standing(*lines: Line) -> Standing:
    return standings(lines, "USD", lambda _: "")[""]


def kept(used: str = "700", unused: str = "100", equivalent: str = "1000", **said: object) -> Kept:
    usual: dict[str, object] = {
        "id": "sp-1",
        "name": "Compute Savings Plan",
        "type": "Compute Savings Plan",
        "category": "Spend",
        "provider": "AWS",
        "used": Money.of(used, "USD"),
        "unused": Money.of(unused, "USD"),
        "purchased": Money.of("800", "USD"),
        "equivalent": Money.of(equivalent, "USD"),
    }
    return Kept(**(usual | said))  # type: ignore[arg-type]


def term(ends: date, id_: str = "SP-1", years: int = 3) -> Term:
    return Term(id_, "Compute Savings Plan", ends - timedelta(days=365 * years), ends)


THE_BILL = (
    line(Kind.USED, "70", contracted="95"),
    line(Kind.UNUSED, "30"),
    line(Kind.USED, "70", eligible=True, contracted="95", listed="100"),
    line(Kind.ON_DEMAND, "285", eligible=True, contracted="285", listed="300"),
)


def test_utilization_coverage_and_the_effective_savings_rate_are_those_of_the_finops_framework() -> None:
    found = standing(*THE_BILL)

    assert found.cost == Money.of(100, "USD")
    assert found.utilization == Decimal("0.7")
    assert found.coverage == Decimal("0.25")
    assert found.saved == Money.of(-5, "USD")  # 95 on demand for 100
    assert found.effective_savings_rate == (Decimal(95 + 285) - 70 - 30 - 285) / (95 + 285)


def test_of_nothing_there_is_no_share() -> None:
    empty = Standing("USD")

    assert (empty.utilization, empty.coverage, empty.effective_savings_rate) == (None, None, None)
    assert empty.cost == empty.saved == Money.zero("USD")


def test_a_commitment_that_nothing_uses_is_used_by_nothing() -> None:
    found = standing(line(Kind.UNUSED, "30"))

    assert found.utilization == 0
    assert found.effective_savings_rate is None
    assert found.saved == Money.of(-30, "USD")


def test_a_correction_of_what_was_unused_is_no_use_beyond_all() -> None:
    assert standing(line(Kind.USED, "70", contracted="95"), line(Kind.UNUSED, "-5")).utilization == 1


def test_usage_without_an_on_demand_price_saves_nothing_and_is_named() -> None:
    lines = (line(Kind.USED, "70"), line(Kind.USED, "70", eligible=True), *THE_BILL[3:])
    found = standing(*lines)

    assert found.saved == Money.zero("USD")
    assert found.coverage == Decimal(70) / 370
    assert unpriced(lines) == ["AWS"]
    assert not unpriced(THE_BILL)


def test_a_row_means_what_focus_says() -> None:
    assert kind_of("Usage", "Committed", "Used", committed=True) is Kind.USED
    assert kind_of("Usage", "Committed", "Unused", committed=True) is Kind.UNUSED
    assert kind_of("Usage", "Committed", None, committed=False) is Kind.USED
    assert kind_of("Usage", None, None, committed=True) is Kind.USED
    assert kind_of("Usage", "Standard", None, committed=False) is Kind.ON_DEMAND
    assert kind_of("Usage", "Dynamic", None, committed=False) is None
    assert kind_of("Purchase", "Committed", None, committed=True) is Kind.PURCHASE
    assert kind_of("Purchase", "Standard", None, committed=False) is None
    assert kind_of("Credit", "Standard", None, committed=True) is None


@given(
    some.lists(
        some.builds(
            Line,
            some.dates(OCTOBER.start, OCTOBER.end - timedelta(days=1)),
            some.sampled_from(("AWS", "Microsoft")),
            some.sampled_from(Kind),
            some.booleans(),
            *[some.decimals(-1000, 1000, places=4)] * 3,
        )
    )
)
def test_whatever_the_bill_the_parts_add_up_and_shares_are_shares(lines: list[Line]) -> None:
    whole = standings(lines, "USD", lambda _: "").get("", Standing("USD"))
    days = standings(lines, "USD", lambda line: line.day).values()

    assert sum((day.used for day in days), start=ZERO) == whole.used
    assert sum((day.eligible_list for day in days), start=ZERO) == whole.eligible_list
    for share in (whole.utilization, whole.coverage):
        assert share is None or 0 <= share <= 1


def test_every_month_of_the_history_is_there_and_cut_at_its_ends() -> None:
    months = by_month(THE_BILL, "USD", Period(date(2026, 9, 20), date(2026, 11, 15)))

    assert [str(span) for span, _ in months] == ["2026-09-20 to 2026-09-30", "October 2026", "2026-11-01 to 2026-11-14"]
    assert [one.used for _, one in months] == [ZERO, Decimal(70), ZERO]


def test_an_end_tells_what_a_month_then_costs_more() -> None:
    [end] = expiries([kept()], [term(date(2026, 12, 12))], OCTOBER, date(2026, 11, 18))
    month = Decimal("30.4375") / 31

    assert (end.days_left, end.window) == (24, 30)
    assert end.monthly == Money(800 * month, "USD").cents()
    assert end.on_demand == Money(1000 * month, "USD").cents()
    assert end.effect == end.on_demand - end.monthly
    assert (end.hourly, end.used_hourly) == (Money.of("1.08", "USD"), Money.of("0.94", "USD"))


def test_ends_come_in_windows_and_those_far_off_are_no_news() -> None:
    today = date(2026, 11, 18)

    def window(days: int) -> list[int]:
        return [one.window for one in expiries([kept()], [term(today + timedelta(days=days))], OCTOBER, today)]

    assert [window(days) for days in (91, 90, 31, 30, 8, 7, 1)] == [[], [90], [90], [30], [30], [7], [7]]
    assert [window(days) for days in (0, -30, -31)] == [[0], [0], []]


def test_a_commitment_is_recognised_whatever_the_case_of_its_id() -> None:
    assert realised([kept()], [term(date(2027, 1, 1))], "AWS") == {3: Decimal("0.3")}
    assert realised([kept()], [], "AWS") == {0: Decimal("0.3")}
    assert realised([kept(used="0")], [], "AWS") == {}


def test_what_is_odd_is_said() -> None:
    told = remarks(
        [
            kept(id="a", name="Silent", told=False),
            kept(id="b", name="Corrected", unused="-3"),
            kept(id="c", name="Idle", used="0", equivalent="0"),
            kept(),
        ],
        {"d": ("Vanished", date(2026, 6, 1)), "sp-1": ("Compute Savings Plan", date(2026, 10, 1))},
        [term(date(2027, 1, 1), "e")],
        OCTOBER,
    )

    assert [line.split(":")[0] for line in told] == ["Silent", "Corrected", "Idle", "Vanished", "Compute Savings Plan"]
    assert "last billed in June 2026" in told[3]
    assert kept(told=False).utilization is None


def test_the_usage_of_a_ladder_is_all_that_is_eligible_and_what_is_promised_for_it() -> None:
    usage = usage_of(THE_BILL, AWS, OCTOBER, "USD")

    assert (usage.on_demand[0], usage.covered[0]) == (285, 95)
    assert abs(usage.capacity[0] - 95 / 0.7) < 1e-9
    idle = usage_of([line(Kind.UNUSED, "80")], AWS, OCTOBER, "USD")
    assert abs(idle.capacity[0] - 100) < 1e-9  # at the offer's own 20%
    assert not usage_of(THE_BILL, OFFERS[1], OCTOBER, "USD").total.any()
