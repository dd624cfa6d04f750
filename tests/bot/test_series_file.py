"""Anybody's series: read as they come, forecast and watched, and what cannot be used is named."""

from __future__ import annotations

import gzip
import json
import math
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from typer.testing import CliRunner

from analysis.errors import BadData
from bot.series_file import backtest, foretold, read, watched
from bot.shell import app

START = date(2025, 6, 1)
RANGE = {"expected", "low80", "high80", "low95", "high95"}
EVENT = {"start", "end", "direction", "impact"}


def steady(days: int = 360, seed: int = 1, level: float = 100.0) -> list[float]:
    random = np.random.default_rng(seed)
    week = [1.1, 1.1, 1.1, 1.1, 1.0, 0.8, 0.8]
    return [level * week[n % 7] * float(1 + 0.03 * random.normal()) for n in range(days)]


def rows(name: str, values: list[float], start: date = START) -> list[str]:
    return [f"{name},{start + timedelta(days=n)},{value:.4f}" for n, value in enumerate(values)]


def write(path: Path, lines: list[str], heading: str = "series,date,value") -> Path:
    text = "\n".join([heading, *lines]) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def cli(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout


def test_a_forecast_has_the_month_and_the_next_three_with_their_ranges(tmp_path: Path) -> None:
    path = write(tmp_path / "daily.csv", [*rows("a", steady()), *rows("b", steady(seed=2, level=7))])

    code, text = cli("forecast-file", str(path), "--as-of", "2026-05-20", "--format", "json")

    assert code == 0
    said = json.loads(text)
    assert [one["series"] for one in said["series"]] == ["a", "b"]
    assert said["months"] == ["2026-06", "2026-07", "2026-08"]
    for one, level in zip(said["series"], (100, 7), strict=True):
        assert set(one) == {"series", "month_end", "months"}
        assert [set(span) for span in (one["month_end"], *one["months"])] == [RANGE] * 4
        assert one["month_end"]["expected"] == pytest.approx(31 * level, rel=0.03)
        assert one["month_end"]["low95"] <= one["month_end"]["low80"] <= one["month_end"]["expected"]


def test_what_came_after_the_day_is_not_looked_at(tmp_path: Path) -> None:
    values = steady()
    known = write(tmp_path / "known.csv", rows("a", values[:340]))
    spoiled = write(tmp_path / "spoiled.csv", rows("a", [*values[:340], *[9e6] * 20]))
    day = START + timedelta(days=340)

    assert foretold(read(known), day).found == foretold(read(spoiled), day).found


@pytest.mark.parametrize("ending", ["daily.csv.gz", "daily.csv"])
def test_a_file_may_be_gzipped_unordered_and_hold_more(tmp_path: Path, ending: str) -> None:
    plain = rows("a", steady())
    odd = [f"x;{value};{day};{name}" for name, day, value in (line.split(",") for line in reversed(plain))]
    path = write(tmp_path / ending, odd, "note; Value;DATE;Series")
    path_plain = write(tmp_path / "plain.csv", plain, "\ufeffseries,date,value")

    assert foretold(read(path), date(2026, 5, 20)).found == foretold(read(path_plain), date(2026, 5, 20)).found


def test_a_day_that_is_missing_is_not_a_day_without_cost(tmp_path: Path) -> None:
    lines = rows("a", steady())
    gaps = [line for number, line in enumerate(lines) if number not in {100, 101, 200, 330}]
    told = foretold(read(write(tmp_path / "gaps.csv", gaps)), date(2026, 5, 20))
    whole = foretold(read(write(tmp_path / "whole.csv", lines)), date(2026, 5, 20))

    assert told.found[0]["month_end"]["expected"] == pytest.approx(whole.found[0]["month_end"]["expected"], rel=0.01)
    assert told.assumed == ("a: 4 missing days are as the same weekdays around them",)


def test_a_series_that_lists_only_its_costs_is_0_in_between(tmp_path: Path) -> None:
    weekly = [f"a,{START + timedelta(days=7 * n)},70" for n in range(50)]
    told = foretold(read(write(tmp_path / "weekly.csv", weekly)), date(2026, 5, 20))

    assert 200 < told.found[0]["month_end"]["expected"] < 400
    assert "without a row cost 0" in told.assumed[0]


def test_one_bad_series_does_not_lose_the_others(tmp_path: Path) -> None:
    lines = [
        *rows("good", steady()),
        "number,2026-01-01,abc",
        "when,2026-13-01,1",
        "empty,2026-01-01,",
        *rows("short", [1.0, 2.0], date(2026, 5, 1)),
        "endless,1900-01-01,1",
        "endless,2026-01-01,1",
        "endless,1026-01-01,1",
        "infinite,2026-01-01,inf",
    ]
    told = foretold(read(write(tmp_path / "mixed.csv", lines)), date(2026, 5, 20))

    assert [one["series"] for one in told.found] == ["good"]
    why = {one.name: one.why for one in told.skipped}
    assert why["number"] == "the value 'abc' is no number"
    assert "the date '2026-13-01' is none" in why["when"]
    assert why["empty"] == "it has no value at all"
    assert why["short"] == "it has 2 days before 2026-05-20, and a forecast needs 7"
    assert "wrong date" in why["endless"]
    assert why["infinite"] == "the value 'inf' is no number"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "cannot be read|has no column"),
        ("series,date\na,2026-01-01\n", "has no column value"),
        ("series,date,value\n", "has no rows"),
        ("series,date,value\na,b,c\n", "no series can be used: a: the date 'b' is none"),
    ],
)
def test_a_file_that_is_no_such_table_says_so(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)
    with pytest.raises(BadData, match=said):
        read(path)
    with pytest.raises(BadData, match="no such file"):
        read(tmp_path / "absent.csv")


def test_series_that_end_on_different_days_are_all_forecast(tmp_path: Path) -> None:
    lines = [*rows("long", steady(360)), *rows("ended", steady(350)), *rows("new", steady(20), date(2026, 5, 1))]
    told = foretold(read(write(tmp_path / "ends.csv", lines)), date(2026, 5, 21))

    assert {one["series"] for one in told.found} == {"long", "ended", "new"}


def test_a_series_that_ended_long_before_the_others_costs_nothing_any_more(tmp_path: Path) -> None:
    lines = [*rows("goes on", steady(350)), *rows("late", steady(340)), *rows("ended", steady(200))]
    told = foretold(read(write(tmp_path / "ends.csv", lines)), START + timedelta(days=350))

    expected = {one["series"]: one["months"][0]["expected"] for one in told.found}
    assert expected["ended"] == 0
    assert expected["late"] == pytest.approx(expected["goes on"], rel=0.05)
    assert told.assumed == ("ended: no rows from 2025-12-18 on, so it has ended and costs nothing",)


def test_a_file_that_ends_before_the_day_is_forecast_across_the_gap(tmp_path: Path) -> None:
    told = foretold(read(write(tmp_path / "old.csv", rows("a", steady(200)))), START + timedelta(days=350))

    assert told.found[0]["months"][0]["expected"] == pytest.approx(3000, rel=0.1)


@pytest.mark.parametrize("scale", [1e-12, 1e-4, 1.0, 1e9, 1e15, 1e250])
def test_a_series_of_any_size_is_forecast_alike(tmp_path: Path, scale: float) -> None:
    values = steady(300)
    lines = [f"a,{START + timedelta(days=n)},{value * scale!r}" for n, value in enumerate(values)]
    told = foretold(read(write(tmp_path / "scaled.csv", lines)), START + timedelta(days=290))
    plain = foretold(read(write(tmp_path / "plain.csv", rows("a", values))), START + timedelta(days=290))

    for one, other in zip(told.found[0]["months"], plain.found[0]["months"], strict=True):
        assert {key: value / scale for key, value in one.items()} == pytest.approx(other, rel=1e-3)


def test_a_backtest_scores_what_was_forecast(tmp_path: Path) -> None:
    book = read(write(tmp_path / "daily.csv", [line for n in range(4) for line in rows(f"s{n}", steady(seed=n))]))
    scored = backtest(book, date(2026, 5, 20), 4)

    assert scored["month"]["totals"] == 16
    assert scored["month"]["mape"] < 3
    with pytest.raises(BadData, match="longer history"):
        backtest(read(write(tmp_path / "short.csv", rows("a", steady(20)))), None, 2)
    assert cli("forecast-file", str(tmp_path / "daily.csv"), "--backtest", "2")[0] == 0


def test_planted_events_are_found_with_their_days_and_their_impact(tmp_path: Path) -> None:
    spike, step = steady(seed=3), steady(seed=4)
    spike[300] += 400
    for day in range(310, 360):
        step[day] += 60
    path = write(tmp_path / "daily.csv", [*rows("spike", spike), *rows("step", step), *rows("calm", steady(seed=5))])

    code, text = cli("anomalies-file", str(path), "--from", "2026-02-01", "--to", "2026-05-26", "--format", "json")

    assert code == 0
    found = {one["series"]: one["events"] for one in json.loads(text)["series"]}
    assert found["calm"] == []
    [event] = found["spike"]
    spiked = (START + timedelta(days=300)).isoformat()
    assert (event["start"], event["end"], event["direction"]) == (spiked, spiked, "up")
    assert event["impact"] == pytest.approx(400, rel=0.1)
    assert found["step"][0]["start"] == (START + timedelta(days=310)).isoformat()
    assert {key for events in found.values() for event in events for key in event} == EVENT


def test_events_before_from_and_after_to_are_not_told(tmp_path: Path) -> None:
    values = steady()
    for day in (200, 250, 300):
        values[day] += 500
    book = read(write(tmp_path / "daily.csv", rows("a", values)))
    between = watched(book, START + timedelta(days=240), START + timedelta(days=260), 5.0)

    assert [one["start"] for one in between.found[0]["events"]] == [(START + timedelta(days=250)).isoformat()]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    some.lists(some.floats(-1e9, 1e9) | some.just(0.0), min_size=1, max_size=80),
    some.integers(0, 90),
)
def test_any_series_is_answered_without_nan(tmp_path: Path, values: list[float], ahead: int) -> None:
    book = read(write(tmp_path / "any.csv", rows("a", values)))
    told = foretold(book, START + timedelta(days=ahead))
    seen = watched(book, None, None, 5.0)

    numbers = [value for one in told.found for span in (one["month_end"], *one["months"]) for value in span.values()]
    assert all(math.isfinite(value) for value in numbers if isinstance(value, float))
    assert len(told.found) + len(told.skipped) == 1
    assert all(math.isfinite(event["impact"]) for one in seen.found for event in one["events"])


def test_text_reads_as_sentences(tmp_path: Path) -> None:
    path = write(tmp_path / "daily.csv", [*rows("a", steady()), "b,2026-01-01,x"])

    _, forecast = cli("forecast-file", str(path), "--as-of", "2026-05-20")
    _, events = cli("anomalies-file", str(path))

    assert "a: month end " in forecast and "b: left out, the value 'x' is no number" in forecast
    assert "a: nothing unusual" in events
    code, _ = cli("forecast-file", str(path), "--as-of", "soon")
    assert code != 0
