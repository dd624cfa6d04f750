"""``[allocation]``: rules that are right become the analysis's own, wrong ones are refused with their line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from analysis.allocation_rules import ByAccount, ByName, ByTag, Selection, Shared, Split
from analysis.errors import BadConfig
from analysis.periods import Period, month_of
from bot.config import Config, load

ROOT = Path(__file__).parents[3]


def read(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "pitcrew.toml"
    path.write_text(text)
    return load(path, {})


def test_without_a_section_the_team_tag_decides() -> None:
    assert Config().allocation.rulebook().of().rules == (ByTag(("team", "team-name")),)


def test_the_example_has_every_kind_of_rule() -> None:
    book = load(ROOT / "pitcrew.example.toml", {}).allocation.rulebook()

    tags, accounts, names, support, sandbox, network = book.of().rules
    assert isinstance(tags, ByTag) and tags.aliases["fulfilment"] == ["fulfillment"]
    assert isinstance(accounts, ByAccount) and isinstance(names, ByName)
    assert support == Shared("support and tax", Selection(services=("*support*",)), Split.PROPORTIONAL)
    assert isinstance(sandbox, Shared) and sum(sandbox.shares.values()) == 1
    assert isinstance(network, Shared) and network.driver == "orders"
    assert book.drivers["orders"][month_of(date(2026, 10, 1))] == {"search": 1200, "checkout": 5400}
    own, by_team = book.of("cost centre").rules
    assert own == ByTag(("cost-center",))
    assert by_team.owner_of({"Tags/Team": "Mobile"}).owner == "CC-420"  # type: ignore[union-attr]
    assert by_team.owner_of({"Tags/Team": "data"}) is None


def test_a_driver_counts_days_or_months(tmp_path: Path) -> None:
    text = '[allocation.drivers.orders]\n2026-10-05 = { a = 1.5 }\n"2026-11" = { a = 2 }\n'
    [drivers] = read(tmp_path, text).allocation.rulebook().drivers.values()

    assert drivers == {
        Period(date(2026, 10, 5), date(2026, 10, 6)): {"a": Decimal("1.5")},
        month_of(date(2026, 11, 1)): {"a": 2},
    }


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            'tags = ["team"]\nnames = { x = "y" }',
            "exactly one of tags, accounts, names, share; this one has tags and names",
        ),
        ("known_only = true", "this one has none"),
        ('tags = ["team"]\nsplit = "even"', "split belongs to a rule with share, and this one has tags"),
        ('accounts = { x = "y" }\naliases = { a = ["b"] }', "aliases belongs to a rule with tags"),
        ('share = "s"\nsplit = "fixed"\nshares = { a = 0.5, b = 0.6 }', "fixed shares add up to 1"),
        ('share = "s"\nsplit = "fixed"\nshares = { a = -1, b = 2 }', "greater than or equal to 0"),
        ('share = "s"\nsplit = "thirds"', "'even', 'proportional', 'fixed' or 'driver'"),
        ('share = "s"\nsplit = "driver"', "a split by driver names its driver"),
        ('share = "s"\nsplit = "driver"\ndriver = "oders"', "split by 'oders'; [allocation.drivers] has none"),
        ('share = "s"\n[[allocation.rules]]\nshare = "s"', "two shared costs are called 's'"),
        ("tags = []", "at least 1"),
        ('tag = "team"', "there is no such key"),
        ('tags = ["team"]\nto = "-"', "is no dimension"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(tmp_path: Path, rule: str, said: str) -> None:
    with pytest.raises(BadConfig) as refused:
        read(tmp_path, f"[report]\n\n[[allocation.rules]]\n{rule}\n")

    assert said in str(refused.value)
    assert f"{tmp_path / 'pitcrew.toml'}:" in str(refused.value)


@pytest.mark.parametrize("when", ["2026-13", "october", "2026-10-32"])
def test_a_driver_of_no_day_is_refused(tmp_path: Path, when: str) -> None:
    with pytest.raises(BadConfig, match="neither a day nor a month"):
        read(tmp_path, f'[allocation.drivers.orders]\n"{when}" = {{ a = 1 }}\n')
