"""Alerts, asked as people ask: the planted surprise is told with its dollars, judged, hushed, and closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from analysis.alerts import AlertRules, Kept
from analysis.budgets import Budget
from analysis.focus import CostFrame, CostQuery
from analysis.money import Money
from bot.clock import stopped_at
from bot.lookout import AlertRoute, Desk
from bot.state import State
from commands.alarms import Look, found
from commands.core.answer import Answer, Buttons, Chart, Facts, Table, Text
from commands.core.quiet_hours import QuietHours
from commands.core.report import Report
from tests.conftest import Company, Talk

AS_IT_HAPPENS = datetime(2026, 11, 14, 9, 0, tzinfo=UTC)  # the planted surprise of 10 Nov is one complete day old


@pytest.fixture
def watching(company: Company, tmp_path: Path) -> Iterator[Talk]:
    """The sample company's crew some days earlier, with a channel for its alerts."""
    with State.open(f"sqlite:///{tmp_path / 'state.db'}", stopped_at(AS_IT_HAPPENS), folder=tmp_path) as state:
        yield on(company, state, AS_IT_HAPPENS)


@pytest.fixture(scope="module")
def told(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """The same, when it has watched: for what changes nothing."""
    folder = tmp_path_factory.mktemp("told")
    with State.open(f"sqlite:///{folder / 'state.db'}", stopped_at(AS_IT_HAPPENS), folder=folder) as state:
        talk = on(company, state, AS_IT_HAPPENS)
        said = talk.ask("watch")
        assert said.data["turns"]["opened"] == len(state.alerts.standing())
        assert not said.news, "whom it concerns is told in its own place"
        yield talk


def on(company: Company, state: State, moment: datetime) -> Talk:
    """The same crew at another moment."""
    crew = replace(company.crew, clock=stopped_at(moment), state=state)
    crew.lake, crew.report, crew.drivers = company.crew.lake, company.crew.report, company.crew.drivers
    crew.desk.otherwise, crew.desk.tenants = ("slack:#finops",), {"slack": "T1"}
    return Talk(crew)


def words(answer: Answer) -> str:
    said = [part.text for part in answer.parts if isinstance(part, Text)]
    facts = [f"{name}: {value}" for part in answer.parts if isinstance(part, Facts) for name, value in part.pairs]
    cells = [" · ".join(row) for part in answer.parts if isinstance(part, Table) for row in part.rows]
    return "\n".join((answer.title, *said, *facts, *cells))


def labels(answer: Answer) -> list[str]:
    return [button.label for part in answer.parts if isinstance(part, Buttons) for button in part.buttons]


def the_anomaly(talk: Talk) -> Kept:
    [one] = [one for one in talk.crew.state.alerts.standing() if one.alert.kind == "anomaly"]
    return one


def test_a_surprise_is_told_on_its_first_complete_day_with_its_cause_and_its_owner(told: Talk) -> None:
    card = told.ask(f"alert {the_anomaly(told).alert.id}")
    assert card.title.startswith("+$") and "Amazon Virtual Private Cloud in apex-data: up for 1 day" in card.title
    assert "**warehouse-nat** has grown" in words(card)
    assert "Owner: data (its tag team says 'data')" in words(card)
    assert "It goes on: about" in words(card) and "Stands: nobody has looked at it yet" in words(card)
    assert [part for part in card.parts if isinstance(part, Chart)]
    assert labels(card) == ["Expected", "Investigating", "False alarm", "Details", "No more lines"]
    assert card.shows == (the_anomaly(told).alert.id,)
    [details] = [
        one.ask for part in card.parts if isinstance(part, Buttons) for one in part.buttons if one.label == "Details"
    ]
    assert told.ask(details).shows == card.shows, "a verdict draws it anew too"


def test_watching_again_tells_nothing_again(told: Talk) -> None:
    waiting = told.crew.state.outbox.counts()
    assert told.ask("watch").title == "Watched: nothing new"
    assert told.crew.state.outbox.counts() == waiting


@pytest.mark.slow
def test_an_assessment_watches_too(watching: Talk) -> None:
    watching.ask("assess")
    assert the_anomaly(watching).is_open


@pytest.mark.slow
def test_a_surprise_ends_some_days_later_with_its_total(company: Company, watching: Talk) -> None:
    watching.ask("watch")
    name = the_anomaly(watching).alert.id
    later = on(company, watching.crew.state, AS_IT_HAPPENS + timedelta(days=1))
    assert later.ask("watch").data["turns"].get("grew") == 1
    over = on(company, watching.crew.state, AS_IT_HAPPENS + timedelta(days=5))
    over.ask("watch")

    kept = over.crew.state.alerts.get(name)
    assert kept.ended == "Ended on 11 Nov: $2,561 more than expected in 2 days."
    card = over.ask(f"alert {name}")
    assert card.title == "Ended: +$2,561 Amazon Virtual Private Cloud in apex-data: up for 2 days from 10 Nov"
    assert [line.said for line in kept.lines] == [
        "Still growing: $2,561 now, $1,285 when last told.",
        "Ended on 11 Nov: $2,561 more than expected in 2 days.",
    ]
    assert over.ask(f"alert {name} line=2").title == kept.ended
    assert "has 2 lines" in words(over.ask(f"alert {name} line=3"))


def test_an_alert_can_be_stopped_and_a_verdict_ends_it(watching: Talk) -> None:
    watching.ask("watch")
    said = watching.ask(f"hush {the_anomaly(watching).alert.id}")
    assert said.replaces and "Ana wants no more lines in the thread" in words(said)
    assert "No more lines" not in labels(said)
    assert "NotAllowed" in str(watching.ask("hush 12345678", user="slack:UREAD").data)

    event = the_anomaly(watching).alert.facts["event"]
    looked_into = watching.ask(f"verdict {event} investigating")
    assert looked_into.replaces and "Ana is looking into it" in words(looked_into)
    assert labels(looked_into)[:2] == ["Expected", "False alarm"], "what was pressed is gone"

    watching.ask(f"verdict {event} expected")
    assert "anomaly" not in {one.alert.kind for one in watching.crew.state.alerts.standing()}
    watching.ask("watch")
    assert "anomaly" not in {one.alert.kind for one in watching.crew.state.alerts.standing()}, "it stays so"
    assert "expected says Ana" in words(watching.ask("alerts"))


def test_what_stands_is_listed_with_where_it_was_told(told: Talk) -> None:
    said = told.ask("alerts kind=anomaly")

    assert said.title == "1 alert stands: 1 anomaly"
    assert "Amazon Virtual Private Cloud" in words(said) and "data · #finops" in words(said)
    assert told.ask("alerts team=nobody").title == "No alert stands"


def test_a_budget_is_told_when_the_range_reaches_it_and_a_commitment_before_it_ends(told: Talk) -> None:
    standing = {str(one.alert.facts["name"]): one.alert for one in told.crew.state.alerts.standing()}

    sandbox = standing["apex-sandbox"]
    assert sandbox.said.endswith(
        "expected of $5,800: apex-sandbox may not last through November, chance to overrun > 97%"
    )
    assert "spend $" in words(told.ask(f"alert {sandbox.id}"))
    reserved = standing["Reserved VM instances, 3 years, monthly"]
    assert "more a month from" in reserved.said and "ends in 28 days" in reserved.said
    assert "Renew $" in words(told.ask(f"alert {reserved.id}"))


@pytest.mark.slow
def test_a_new_month_closes_what_was_told_of_the_old_one(company: Company, watching: Talk) -> None:
    watching.ask("watch")
    [sandbox] = [one for one in watching.crew.state.alerts.standing() if one.alert.facts.get("name") == "apex-sandbox"]
    next_month = on(company, watching.crew.state, datetime(2026, 12, 1, 9, 0, tzinfo=UTC))
    next_month.ask("watch")

    kept = next_month.crew.state.alerts.get(sandbox.alert.id)
    assert kept.ended.startswith("It ended on 30 Nov at $") and not kept.lines
    assert next_month.ask(f"alert {sandbox.alert.id}").title.endswith("its period from 01 November on is over")


def test_a_budget_first_looked_at_late_is_one_message_that_names_what_it_passed(
    company: Company, watching: Talk
) -> None:
    whole = Money.of(1_000_000, "USD")
    watching.crew.report = replace(company.crew.report, budgets=lambda _: [Budget("late", whole)])
    whole = Money.of(round(watching.ask("budget late").data["spent"] / Decimal("0.85")), "USD")

    watching.ask("watch")
    watching.ask("watch")
    [late] = budgets_told(watching)
    assert "late passed 80% with 20 days of November left, and $" in late.alert.said
    assert late.alert.said.endswith(" is expected") and not late.alert.urgent
    assert "On the way it passed 50%." in words(watching.ask(f"alert {late.alert.id}"))

    used_up = on(company, watching.crew.state, AS_IT_HAPPENS + timedelta(days=4))
    used_up.crew.report = watching.crew.report
    used_up.ask("watch")
    [last] = budgets_told(used_up)
    assert "late is used up" in last.alert.said
    assert "On the way" not in words(used_up.ask(f"alert {last.alert.id}")), "80% was told by itself"


def test_what_a_late_look_has_named_is_not_told_when_the_bill_recedes(company: Company, watching: Talk) -> None:
    whole = Money.of(1_000_000, "USD")
    watching.crew.report = replace(company.crew.report, budgets=lambda _: [Budget("late", whole)])
    spent = watching.ask("budget late").data["spent"]
    whole = Money.of(round(spent / Decimal("0.85")), "USD")
    watching.ask("watch")
    whole = Money.of(round(spent / Decimal("0.7")), "USD")
    watching.ask("watch")

    assert not budgets_told(watching)
    ended = [one.ended for one in watching.crew.state.alerts.standing(AS_IT_HAPPENS) if one.alert.kind == "budget"]
    assert ended == ["70% are spent after all"]


def budgets_told(talk: Talk) -> list[Kept]:
    """What stands of budgets."""
    return [one for one in talk.crew.state.alerts.standing() if one.alert.kind == "budget"]


class Bill:
    """A bill of two accounts of one provider, each with its last billed day."""

    def __init__(self, **last: date) -> None:
        self.last = last

    def ask(self, query: CostQuery) -> CostFrame:
        days = [query.period.start + timedelta(days=n) for n in range(query.period.days)]
        rows = [("AWS", name, day, Decimal(340)) for name, last in self.last.items() for day in days if day <= last]
        return CostFrame.checked(pd.DataFrame(rows, columns=[*query.by, "Cost"], dtype=object), query)


def silences(kept: tuple[Kept, ...] = (), **last: date) -> list[tuple[str, str]]:
    look = Look(Bill(**last), Report(), None, AlertRules(), AS_IT_HAPPENS, kept)  # type: ignore[arg-type]
    return [(one.said, one.over) for one in found("silence", look)]


def test_an_account_without_rows_is_told_after_three_days() -> None:
    arrived = date(2026, 11, 12)
    assert silences(shop=arrived, data=arrived - timedelta(days=2)) == []
    assert silences(shop=arrived, data=arrived - timedelta(days=3)) == [
        ("About $1,020 not billed yet: no billed data from account data for 3 days", "")
    ]
    assert silences(shop=arrived, data=arrived - timedelta(days=31)) == [], "an account that was closed"


def test_of_a_provider_without_rows_not_every_account_is_told() -> None:
    stopped = date(2026, 11, 7)
    assert silences(shop=stopped, data=stopped) == [
        ("About $2,720 not billed yet: no billed data from AWS for 4 days", "")
    ]


def test_rows_that_arrive_close_it() -> None:
    arrived = date(2026, 11, 12)
    look = Look(Bill(shop=arrived, data=date(2026, 11, 8)), Report(), None, AlertRules(), AS_IT_HAPPENS)  # type: ignore[arg-type]
    [one] = found("silence", look)
    kept = Kept(one, AS_IT_HAPPENS, AS_IT_HAPPENS, one.amount)

    assert silences((kept,), shop=arrived, data=arrived) == [(one.said, "Rows of account data have arrived.")]


def test_an_alert_goes_to_the_first_route_that_fits(told: Talk) -> None:
    one = the_anomaly(told).alert
    desk = Desk(
        [
            AlertRoute(("slack:#budgets",), kind="budget"),
            AlertRoute(("slack:#apex",), account="apex-s*"),
            AlertRoute(("slack:#team-{team}",)),
        ],
        ("slack:#finops",),
        tenants={"slack": "T1"},
    )

    assert [place.conversation for place in desk.places(one)] == ["#team-data"]
    assert [place.conversation for place in desk.places(replace(one, team=""))] == ["#finops"]
    assert [place.conversation for place in desk.places(replace(one, team="Data Science"))] == ["#team-data-science"]
    assert [place.conversation for place in desk.places(replace(one, kind="budget"))] == ["#budgets"]
    assert [place.conversation for place in desk.places(replace(one, account="Apex-Shop"))] == ["#apex"]


def test_at_night_only_the_urgent_is_told(told: Talk) -> None:
    one = replace(the_anomaly(told).alert, urgent=False)
    desk = Desk(quiet=QuietHours.read("20:00-07:00", "Europe/Berlin"), tenants={"slack": "T1"})
    [place] = Desk(otherwise=("slack:#finops",), tenants={"slack": "T1"}).places(one)
    night = datetime(2026, 11, 13, 22, 0, tzinfo=UTC)

    assert desk.due(one, place, night) == datetime(2026, 11, 14, 6, 0, tzinfo=UTC)
    assert desk.due(replace(one, urgent=True), place, night) is None
    assert desk.due(one, place, AS_IT_HAPPENS) is None
