"""The matrix of chaos in its short form: the very functions that ``make chaos`` runs at length, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.chaos.plan import PLAN, SOAK
from benchmarks.chaos.trial import POSTGRESQL, Ground, NotTried, Trial
from tests.conftest import Company
from tests.contracts.postgres import Cluster, cluster

TRIALS = [(trial, database) for trial in (*PLAN, SOAK) for database in trial.databases if database in trial.in_ci]


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A PostgreSQL of our own, since some trials stop it."""
    with cluster() as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trial", "database"), TRIALS, ids=[f"{trial.id} {trial.what} {database}".strip() for trial, database in TRIALS]
)
async def test_a_trial_meets_its_goal_in_its_short_form(
    trial: Trial, database: str, tmp_path: Path, company: Company, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("server") if database == POSTGRESQL else None
    try:
        outcome = await trial.run(Ground(tmp_path, database, server, lambda: company.crew), **trial.short)
    except NotTried as why:
        pytest.skip(str(why))

    assert outcome.met, f"{outcome.measured} (goal: {outcome.goal})"
