"""Both clouds in one deployment: one assessment, one score, one list of findings, totals by provider and together.

The Azure half of the sample company stands in the Azure double and in Azurite; what runs on AWS, the sample company
tells itself (AWS whole stands in ``test_aws``). Neither provider knows the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from analysis.assessment import Assessment
from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.findings import Finding
from analysis.money import Money
from bot import config as deployment
from bot.clock import stopped_at
from bot.wiring import Crew, assembled
from commands.core.answer import Answer
from providers.drivers import Source
from providers.provider import Billed, Export, Inventory, Progress
from providers.sample import SampleFolder, SampleProvider
from tests.azure import azurite, company
from tests.azure.double import Double
from tests.azure.graph import Graph
from tests.commands.test_commands import text_of
from tests.walks.test_azure import deployed

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
CLOUDS = ("aws", "azure")


@dataclass
class AwsHalf:
    """AWS as the sample company tells it."""

    company: SampleFolder
    name: str = "aws"

    def exports(self, now: datetime, progress: Progress) -> Iterator[Export]:  # noqa: ARG002
        for cloud, period, files in self.company.billing():
            if cloud == self.name:
                yield Export(f"{cloud} {period}", files, now, self.name)

    def inventory(self, now: datetime, billed: Billed, progress: Progress) -> Inventory:
        found = SampleProvider(self.company).inventory(now, billed, progress).resources
        return Inventory(tuple(one for one in found if one.cloud == self.name))

    def budgets(self, month: date) -> Sequence[Budget]:  # noqa: ARG002
        return ()

    def commitments(self, now: datetime) -> Sequence[Term]:
        return [one for one in SampleProvider(self.company).commitments(now) if one.id.startswith("arn:aws:")]

    def past(self) -> Sequence[Finding]:
        return ()

    def drivers(self) -> Sequence[Source]:
        return ()


@pytest.fixture(scope="module")
def apex(tmp_path_factory: pytest.TempPathFactory) -> SampleFolder:
    return SampleProvider.cached(tmp_path_factory.mktemp("apex"), NOW.date()).folder


@pytest.fixture(scope="module")
def graph(apex: SampleFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    folder = tmp_path_factory.mktemp("azure")
    with Double.running(folder) as double, pytest.MonkeyPatch.context() as patch:
        for name, value in double.environment.items():
            patch.setenv(name, value)
        patch.setenv("AZURE_CLIENT_SECRET", "a-long-secret")
        with azurite.running(double, folder) as blobs:
            yield company.stand_up(double, blobs, apex)


@pytest.fixture(scope="module")
def crew(graph: Graph, apex: SampleFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    file = deployed(graph.double, tmp_path_factory.mktemp("deployment"))
    with assembled(deployment.load(file, {}), stopped_at(NOW), load=False) as found:
        found.sources = [AwsHalf(apex), *found.sources]
        yield found


@pytest.fixture(scope="module")
def assessed(crew: Crew) -> Answer:
    return crew.typed("assess", "ana")


@pytest.fixture(scope="module")
def whole(crew: Crew, assessed: Answer) -> Assessment:  # noqa: ARG001
    return crew.assessor.latest(NOW)


def truths(apex: SampleFolder, *clouds: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = [one for one in apex.truths()["waste"] if one["cloud"] in clouds]
    return found


def test_one_list_holds_every_planted_truth_of_both_and_nothing_else(
    apex: SampleFolder, graph: Graph, crew: Crew, assessed: Answer
) -> None:
    found = crew.typed("waste", "ana").data["findings"]
    told = {(one["check"], one["resource_id"].lower()): one["monthly_waste"] for one in found}
    planted = {(one["check"], one["resource_id"].lower()): Decimal(one["monthly"]) for one in truths(apex, *CLOUDS)}
    for cloud in CLOUDS:
        mine = {(one["check"], one["resource_id"].lower()) for one in truths(apex, cloud)}
        ours = {(one["check"], one["resource_id"].lower()) for one in found if one["provider"] == cloud}
        both = mine & ours
        print(f"{cloud}: precision {len(both) / len(ours):.0%}, recall {len(both) / len(mine):.0%} of {len(mine)}")  # noqa: T201

    assert told.keys() == planted.keys()
    assert all(abs(told[key] - planted[key]) <= Decimal("0.01") for key in planted)
    assert assessed.data["unread"] == [], "\n".join(assessed.data["unread"])
    assert graph.double.unforeseen == []


def test_totals_stand_by_provider_and_together_and_no_two_currencies_are_added(
    apex: SampleFolder, whole: Assessment
) -> None:
    billed = {
        one["currency"]: sum(
            Decimal(each["EffectiveCost"])
            for each in apex.truths()["totals"]
            if (each["month"], each["currency"]) == (one["month"], one["currency"])
        )
        for one in apex.truths()["totals"]
        if one["month"] == "2026-10"
    }

    assert {name for name, _ in whole.providers.rows} == {"AWS", "Microsoft"}
    assert whole.providers.total.cents() == whole.last_month.cents() and whole.last_month.currency == "USD"
    assert {one.currency: round(one.amount, 2) for one in whole.currencies} == {
        currency: round(amount, 2) for currency, amount in billed.items()
    }


def test_waste_is_told_in_each_currency(apex: SampleFolder, crew: Crew, whole: Assessment) -> None:
    by_currency: dict[str, Decimal] = {}
    for one in truths(apex, *CLOUDS):
        by_currency[one["currency"]] = by_currency.get(one["currency"], Decimal(0)) + Decimal(one["monthly"])

    assert abs(whole.waste().amount - by_currency["USD"]) < Decimal("0.20")
    euros = Money.total((one.monthly_waste for one in whole.to_do if one.monthly_waste.currency == "EUR"), "EUR")
    assert abs(euros.amount - by_currency["EUR"]) < Decimal("0.20")
    assert "$" in (title := crew.typed("waste", "ana").title) and "€" in title


def test_one_score_is_made_of_both(crew: Crew, whole: Assessment) -> None:
    assert whole.score is not None
    said = crew.typed("score", "ana")

    assert "error" not in said.data and str(whole.score.total) in f"{said.title}\n{text_of(said)}"


def test_commitments_of_both_have_their_ends(crew: Crew, assessed: Answer) -> None:  # noqa: ARG001
    found = crew.typed("commitments", "ana").data

    assert sorted(one["days_left"] for one in found["expiries"]) == [24, 76]
    assert set(found["providers"]) == {"AWS", "Microsoft"}
    assert "all of Azure" in text_of(crew.typed("budget", "ana"))


@pytest.mark.parametrize("persona", ["engineering", "finance", "product", "practitioner", "leadership"])
def test_every_persona_sees_one_company(crew: Crew, assessed: Answer, persona: str) -> None:  # noqa: ARG001
    said = crew.typed(f"summary {persona}", "ana")

    assert "error" not in said.data and said.parts


def test_the_message_of_one_disk_on_azure_needs_no_question_asked_back(crew: Crew, assessed: Answer) -> None:  # noqa: ARG001
    disks = crew.typed("waste check=unattached-disk", "ana").data["findings"]
    disk = next(one for one in disks if one["provider"] == "azure")
    said = crew.typed(f"finding {disk['id'][:8]}", "ana")
    text = f"{said.title}\n{text_of(said)}"

    assert f"{disk['monthly_waste']:,}" in text and "unattached since" in text
    assert "apex-" in text and "az snapshot create" in text and "az disk delete" in text and "az disk create" in text
    assert "snapshot is billed until you delete it" in text


def test_a_subscription_that_refuses_and_one_that_is_hidden_cost_only_their_own(
    apex: SampleFolder,
    graph: Graph,
    crew: Crew,
    assessed: Answer,  # noqa: ARG001
) -> None:
    one, other = sorted({each["account"] for each in truths(apex, "azure")})[:2]
    graph.forbidden, graph.hidden = {one.rsplit("/", 1)[-1]}, {other.rsplit("/", 1)[-1]}
    try:
        again = crew.typed("assess", "ana")
    finally:
        graph.forbidden, graph.hidden = set(), set()
    unread = again.data["unread"]

    assert unread[0] == "2 of 4 subscriptions were read whole"
    assert any(f"{company.NAMES[one.rsplit('/', 1)[-1]]} ({one}): AuthorizationFailed" in line for line in unread)
    assert f"subscription {other}: it is billed, and the identity may not read it (Reader)" in unread
    assert again.data["resolved"] == [] and again.data["opened"] == []
    assert len(crew.typed("waste", "ana").data["findings"]) == len(truths(apex, *CLOUDS))
