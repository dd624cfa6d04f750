"""The sample company, made once a session; a crew with a state of its own for each test that wants one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile

import pytest
from hypothesis import settings

from bot import config as deployment
from bot.clock import stopped_at
from bot.log import configure
from bot.ports import Ask, Place
from bot.state import State
from bot.wiring import Crew, assembled
from commands.core.answer import Answer
from commands.core.registry import answer

configure(json=False)
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("exploring", max_examples=1_000, deadline=None)
settings.register_profile("thorough", max_examples=10_000, deadline=None)
settings.load_profile("repeatable")  # `make fuzz` explores: a gate says the same of the same code
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


@dataclass
class Company:
    """The sample company, loaded."""

    crew: Crew
    folder: Path


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Thirteen months of two clouds in a lake, as of ``NOW``."""
    folder = tmp_path_factory.mktemp("company")
    raw = {
        "data": {"folder": str(folder)},
        "providers": [{"kind": "sample"}],
        "roles": {
            "slack:UADMIN": ["read", "act", "admin"],
            "slack:UGUEST": [],
            "slack:UREAD": ["read"],
            "*": ["read", "act"],
        },
    }
    with assembled(deployment.parse(raw, lambda _: "test"), stopped_at(NOW)) as crew:
        yield Company(crew, folder)


@dataclass
class Talk:
    """A crew that can be talked to."""

    crew: Crew
    said: int = 0

    def ask(self, text: str, user: str = "slack:UANA", key: str = "") -> Answer:
        """What the crew answers to ``user``."""
        self.said += 1
        place = Place("slack", "T1", "C1")
        name = user.removeprefix("slack:U").capitalize()
        one = Ask(key or f"test:{self.said}", place, user, name, text, self.crew.clock())
        return answer(text, self.crew.context(one))


@pytest.fixture(scope="session")
def assessed_once(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state database in which the company was assessed."""
    folder = tmp_path_factory.mktemp("assessed")
    path = folder / "state.db"
    with State.open(f"sqlite:///{path}", company.crew.clock, folder=folder) as state:
        Talk(company.crew.remembering(state)).ask("assess")
    return path


@pytest.fixture
def assessed(company: Company, assessed_once: Path, tmp_path: Path) -> Iterator[Talk]:
    """The sample company's crew after an assessment, with a memory of its own."""
    path = tmp_path / "state.db"
    copyfile(assessed_once, path)
    with State.open(f"sqlite:///{path}", company.crew.clock, folder=tmp_path) as state:
        yield Talk(company.crew.remembering(state))


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state database in which nothing has happened: copied in a fraction of the time that its tables take."""
    path = tmp_path_factory.mktemp("blank") / "state.db"
    State.open(f"sqlite:///{path}", stopped_at(NOW), folder=path.parent).close()
    return path


@pytest.fixture
def talk(company: Company, blank: Path, tmp_path: Path) -> Iterator[Talk]:
    """The sample company's crew with an empty state database."""
    path = tmp_path / "state.db"
    copyfile(blank, path)
    with State.open(f"sqlite:///{path}", company.crew.clock, folder=tmp_path) as state:
        yield Talk(company.crew.remembering(state))
