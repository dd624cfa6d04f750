"""Azure, whole: a deployment with nothing but Azure is assessed, and finds what was planted and nothing else.

The SDK's own clients sign in at the double with a client secret and talk to it and to Azurite over TLS, by their own
policies: nothing in the deployment differs from a real one but its addresses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analysis.focus import CostQuery
from analysis.periods import Period
from bot import config as deployment
from bot.clock import stopped_at
from bot.wiring import Crew, assembled
from commands.core.answer import Answer
from providers.azure.permissions import asked
from providers.azure.provider import AzureProvider
from providers.sample import SampleFolder, SampleProvider
from tests.azure import azurite, company
from tests.azure.double import CLIENT, TENANT, Double
from tests.azure.graph import Graph
from tests.commands.test_commands import text_of
from tests.walks.scrape import scraped

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
DEPLOYMENT = """
[data]
folder = "{folder}"

[[providers]]
kind = "azure"
identity = "secret"
tenant = "{tenant}"
client = "{client}"
scopes = {scopes}
arm_url = "{url}"
authority = "{url}"
metrics_url = "{url}"
blob_url = "{blobs}"
prices_url = "{url}"
"""


@pytest.fixture(scope="module")
def apex(tmp_path_factory: pytest.TempPathFactory) -> SampleFolder:
    return SampleProvider.cached(tmp_path_factory.mktemp("apex"), NOW.date()).folder


@pytest.fixture(scope="module")
def azure(apex: SampleFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    folder = tmp_path_factory.mktemp("azure")
    with Double.running(folder) as double, pytest.MonkeyPatch.context() as patch:
        for name, value in double.environment.items():
            patch.setenv(name, value)
        patch.setenv("AZURE_CLIENT_SECRET", "a-long-secret")
        with azurite.running(double, folder) as blobs:
            double.graph = company.stand_up(double, blobs, apex)  # type: ignore[attr-defined]
            yield double


def deployed(azure: Double, folder: Path, **said: Any) -> Path:
    """The deployment file of it."""
    file = folder / "pitcrew.toml"
    text = DEPLOYMENT.format(
        folder=folder / "data",
        tenant=TENANT,
        client=CLIENT,
        scopes=json.dumps(list(company.EXPORTS)),
        url=azure.url,
        blobs=azure.blobs,
    )
    file.write_text(text + "".join(f"{key} = {json.dumps(value)}\n" for key, value in said.items()))
    return file


@pytest.fixture(scope="module")
def crew(azure: Double, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    file = deployed(azure, tmp_path_factory.mktemp("deployment"))
    azure.calls.clear()
    with assembled(deployment.load(file, {}), stopped_at(NOW)) as found:
        yield found


@pytest.fixture(scope="module")
def assessed(crew: Crew) -> Answer:
    return crew.typed("assess", "ana")


def truths(apex: SampleFolder) -> list[dict[str, str]]:
    found: list[dict[str, str]] = [one for one in apex.truths()["waste"] if one["cloud"] == "azure"]
    return found


def test_it_finds_every_planted_truth_and_nothing_else(apex: SampleFolder, crew: Crew, assessed: Answer) -> None:
    found = crew.typed("waste", "ana").data["findings"]
    told = {(one["check"], one["resource_id"].lower()): one["monthly_waste"] for one in found}
    planted = {(one["check"], one["resource_id"].lower()): Decimal(one["monthly"]) for one in truths(apex)}
    both = told.keys() & planted.keys()
    print(f"precision {len(both) / len(told):.0%}, recall {len(both) / len(planted):.0%} of {len(planted)}")  # noqa: T201

    assert told.keys() == planted.keys()
    assert all(abs(told[key] - planted[key]) <= Decimal("0.01") for key in both)
    assert assessed.data["unread"] == [], "\n".join(assessed.data["unread"])


def test_it_says_what_it_stands_on_and_what_azure_leaves_out(assessed: Answer) -> None:
    text = text_of(assessed)

    assert "azure: bill from 2 exports, of" in text
    assert "no tax, no credits and no support" in text
    assert "Azure budget odd is left out: its period is billingmonth" in text


async def test_every_request_is_counted_by_what_came_back(crew: Crew, assessed: Answer) -> None:  # noqa: ARG001
    [source] = crew.sources
    assert isinstance(source, AzureProvider)
    told = await scraped(crew)

    calls = {name[1:]: count for name, count in told.items() if name[0] == "pitcrew_provider_calls_total"}
    mine = {(code, op): count for (code, op, provider), count in calls.items() if provider == source.name}
    for op, count in source.connection.calls.items():
        assert sum(heard for (_, name), heard in mine.items() if name == op) == count, op
    assert {"200"} <= {code for code, _ in mine}


def test_every_request_is_on_the_list_of_reads_and_nothing_is_unforeseen(azure: Double, assessed: Answer) -> None:  # noqa: ARG001
    sent = [call for call in azure.calls if not call.path.startswith((f"/{TENANT}", "/api/retail/prices"))]

    assert sent and all(asked(call.method, call.path) for call in sent)
    assert azure.unforeseen == []
    assert all(call.headers.get("ClientType") == "finops-pitcrew" for call in sent)


def test_totals_of_two_currencies_are_those_of_the_bill(apex: SampleFolder, crew: Crew, assessed: Answer) -> None:  # noqa: ARG001
    text = text_of(crew.typed("summary finance", "ana"))

    assert "€" in text and "$" in text


def test_budgets_and_the_end_of_the_reservation_come_from_azure(crew: Crew, assessed: Answer) -> None:  # noqa: ARG001
    assert "all of Azure" in text_of(crew.typed("budget", "ana"))
    [end] = crew.typed("commitments", "ana").data["expiries"]
    assert end["days_left"] == 24


def test_the_message_of_one_disk_needs_no_question_asked_back(crew: Crew, assessed: Answer) -> None:  # noqa: ARG001
    disk = next(one for one in crew.typed("waste check=unattached-disk", "ana").data["findings"])
    said = crew.typed(f"finding {disk['id'][:8]}", "ana")
    text = f"{said.title}\n{text_of(said)}"

    assert str(disk["monthly_waste"]) in text and "unattached since" in text and "apex-" in text
    assert "az snapshot create" in text and "az disk delete" in text and "az disk create" in text


@pytest.mark.parametrize("persona", ["engineering", "finance", "product", "practitioner", "leadership"])
def test_every_persona_has_its_view_of_it(crew: Crew, assessed: Answer, persona: str) -> None:  # noqa: ARG001
    said = crew.typed(f"summary {persona}", "ana")

    assert "error" not in said.data and said.parts


def test_one_subscription_that_refuses_leaves_the_others_and_its_own_findings(
    azure: Double,
    apex: SampleFolder,
    crew: Crew,
    assessed: Answer,  # noqa: ARG001
) -> None:
    graph: Graph = azure.graph  # type: ignore[attr-defined]
    graph.forbidden = {truths(apex)[0]["account"].rpartition("/")[2]}
    try:
        again = crew.typed("assess", "ana")
    finally:
        graph.forbidden = set()

    assert again.data["unread"][0] == "3 of 4 subscriptions were read whole"
    assert again.data["resolved"] == [] and again.data["opened"] == []
    assert len(crew.typed("waste", "ana").data["findings"]) == len(truths(apex))


def test_a_secret_that_expired_leaves_the_last_good_figures_and_is_said_once(
    azure: Double,
    crew: Crew,
    assessed: Answer,  # noqa: ARG001
) -> None:
    azure.fault("/providers/", "expired", times=None)
    try:
        again = crew.typed("assess", "ana")
    finally:
        azure.faults.clear()

    assert any("expired" in line and "its rows of before stand" in line for line in again.data["unread"])
    assert again.data["resolved"] == []
    assert crew.typed("forecast", "ana").data.get("error") is None


def test_a_token_that_expires_midway_takes_nothing_away(azure: Double, crew: Crew, assessed: Answer) -> None:  # noqa: ARG001
    azure.fault("ResourceGraph", "expired", times=None)
    try:
        again = crew.typed("assess", "ana")
    finally:
        azure.faults.clear()

    assert again.data["resolved"] == [] and any("expired" in line for line in again.data["unread"])


def test_the_command_line_does_the_same(azure: Double, apex: SampleFolder, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from bot.shell import app

    file = deployed(azure, tmp_path)
    said = CliRunner().invoke(app, ["assess", "--config", str(file), "--now", "2026-11-18T09:00", "--format", "json"])

    assert said.exit_code == 0, said.output
    assert len(json.loads(said.stdout)["data"]["opened"]) == len(truths(apex))


def test_both_clouds_are_one_company(azure: Double, apex: SampleFolder, tmp_path: Path) -> None:
    file = deployed(azure, tmp_path)
    aws = apex.root / "billing" / "aws"
    file.write_text(file.read_text() + f'[[providers]]\nkind = "focus"\nname = "aws-files"\npath = "{aws}/**/*"\n')
    with assembled(deployment.load(file, {}), stopped_at(NOW)) as found:
        found.typed("assess", "ana")
        score = found.typed("score", "ana")
        month = Period(date(2026, 10, 1), date(2026, 11, 1))
        usd = found.lake.ask(CostQuery(month, "USD", by=("ProviderName",)))
        findings = found.typed("waste", "ana").data["findings"]

    assert {name for name, money in usd.by("ProviderName") if money.amount > 0} == {"AWS", "Microsoft"}
    assert str(usd.total().amount.quantize(Decimal("0.01"))) == month_of_truths(apex)
    assert "error" not in score.data and len(findings) == len(truths(apex))


def month_of_truths(apex: SampleFolder) -> str:
    """What October comes to in USD, as it was planted."""
    parts = [
        Decimal(one["EffectiveCost"])
        for one in apex.truths()["totals"]
        if (one["month"], one["currency"]) == ("2026-10", "USD") and one["category"] in ("Usage", "Purchase")
    ]
    return str(sum(parts).quantize(Decimal("0.01")))  # type: ignore[union-attr]


def test_the_provider_is_the_one_that_is_configured(crew: Crew) -> None:
    assert isinstance(crew.sources[0], AzureProvider)
