"""The point forecast: what a day of each series costs, from weekdays, monthly charges and a level.

All series are computed at once: arrays are series × days, and all series end on the same day. They lend each other the
shape of a week, so a portfolio is forecast better than its series one by one. The constants were chosen on some sources
of real daily series and checked on others (``benchmarks/forecast_accuracy.py`` prints the comparison).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from analysis.periods import days_in_month

WEEK = 7
ALPHAS = (0.02, 0.05, 0.12, 0.3, 0.6)  # exponential smoothing, from a memory of fifty days to one of two
TRENDS = ((3, 1), (2, 0))  # a fast and a slow one of these, whose distance is a slope (Brown 1959)
TREND_KEPT = 0.4  # slopes seldom last: this share of one is believed,
DAMPING = 0.97  # and it fades by this factor a day (Gardner and McKenzie 1985)
SHARPNESS = 8  # weight = backtest error ** -8: near ties are averaged, losers ignored
NEAR_TESTS, FAR_TESTS = (7, 14, 21), (30, 50, 80)  # the horizons, in days, whose means judge the candidates
NEAR_ENDS, FAR_STARTS = 20, 45  # days ahead: up to here the near weights hold, from there on the far ones
NEAR_PRIOR = (0.0, 0.0, 0.0, 0.1, 0.25, 0.1, 0.15)  # log of relative error, where the past is too short to tell
FAR_PRIOR = (0.0, 0.02, 0.08, 0.18, 0.3, 0.2, 0.25)
PRIOR_WINDOWS = 3.0  # that many horizons' worth of history weigh as much as the prior
STRIDE = 3  # days between two backtest origins
WARM_UP = 7  # days before the first of them

WEEKDAY_DAYS = 70  # weekday factors come from the last ten weeks,
WEEKDAY_PRIOR = 0.7  # with so many observations of the portfolio's usual week mixed in,
WEEKDAY_PRIORS = (0.1, 10.0)  # or, as weeks accumulate, as many as their agreement tells, within these
WEEKDAY_OTHERS = 3.0  # that many other series' weeks weigh as much as "all days are alike"
WEEKDAY_CROWD = 10  # series of one company move together: of many, so many count
LEAST_FACTOR = 0.02
LEAST_FREE = 0.2  # of the scatter of a few days, this share is seen at the least
NEAR_DAYS = 7  # a charge or a spike is told from the days this near on either side
SIGMA_OF_MAD = 1.4826  # of a normal distribution
CHARGE_SIGMAS = 6.0  # a monthly charge stands so far out of the days around it,
CHARGE_SHARE = 0.6  # in this share of the months; on day 1 once is enough
CHARGE_ALIKE = 1.6  # seen twice only, the two must be within this factor
SPIKE_SIGMAS = 6.0  # one or two days so far out are a spike,
SPIKE_KEPT = 3.0  # and count as this far out,
SPIKE_SHARE = 0.05  # unless that is how the series is: a weekly job is no spike
STEP_SIGMAS = 4.0  # days at the end that all stand so far off, on one side, are a step:
STEP_DAYS = (4, 5, 7, 10, 14, 21, 30)  # so many of them,
STEP_BEFORE = 28  # against the median of the days before;
STEP_DOUBT = 3.0  # believed as so many days' share: four for 57%, ten for 77%
STOPPED_DAYS = 7  # a series with so many zeros at its end, and never half as many before, has stopped


@dataclass(frozen=True, slots=True)
class Fitted:
    """Series taken apart, and what follows from the parts.

    Shapes: S series, T past days, H coming days, C candidates. ``first`` (S): the day each series begins.
    ``past`` (S × T): costs without scheduled charges, ``smooth`` the same without spikes; ``weekdays`` (S × (T + H)):
    the factor of each day.
    ``levels``, ``slopes`` (S × C × T): each candidate's level after each day, and its daily growth. ``near``, ``far``
    (S × C): their weights for the coming weeks and months. ``sigma`` (S): the spread of a day around its level;
    ``jump`` (S): how much of a step at the end is still in doubt;
    ``stopped`` (S): whether it costs nothing any more. ``charges`` (S × 32): what is scheduled on each day of a month,
    ``planned`` (S × H) on each coming day. ``daily`` (S × H): what is expected, charges included.
    """

    first: np.ndarray
    past: np.ndarray
    smooth: np.ndarray
    weekdays: np.ndarray
    levels: np.ndarray
    slopes: np.ndarray
    near: np.ndarray
    far: np.ndarray
    sigma: np.ndarray
    jump: np.ndarray
    stopped: np.ndarray
    charges: np.ndarray
    planned: np.ndarray
    daily: np.ndarray


def fit(values: np.ndarray, start: date, ahead: int) -> Fitted:
    """Take S series of T days apart and project them ``ahead`` days."""
    days = [start + timedelta(days=n) for n in range(values.shape[1] + ahead)]
    count = values.shape[1]
    first = begins(values)
    filled = mirrored(values, first)
    weekday = np.array([day.weekday() for day in days])
    month_day = np.array([day.day for day in days])
    factors, free = weekdays_and_freedom(filled, first, weekday[:count], month_day[:count])
    weekdays = factors[:, weekday]
    past_weekdays = weekdays[:, :count]
    charges, past = monthly_charges(filled, first, past_weekdays, month_day[:count])
    smooth, sigma = _without_spikes(past, first, past_weekdays)
    sigma /= np.sqrt(free)
    levels, slopes = _levels(smooth, first, past_weekdays)
    jump = _step(smooth, first, past_weekdays, sigma, levels, slopes)
    near, far = (_weights(smooth, first, past_weekdays, levels, slopes, far=far) for far in (False, True))
    daily = _project(levels[:, :, -1], slopes[:, :, -1], near, far, ahead) * weekdays[:, count:]
    planned = _scheduled(charges, days[count:])
    stopped = _stopped(values, first)
    for coming in (charges, planned, daily):
        coming[stopped] = 0.0
    daily = np.where((values >= 0).all(axis=1, keepdims=True), np.maximum(daily, 0.0), daily)
    return Fitted(
        first,
        past,
        smooth,
        weekdays,
        levels,
        slopes,
        near,
        far,
        sigma,
        jump,
        stopped,
        charges,
        planned,
        daily + planned,
    )


def begins(values: np.ndarray) -> np.ndarray:
    """The first day (index) with a cost; of a series without any, day 0."""
    found: np.ndarray = np.argmax(values != 0, axis=1)
    return found


def _stopped(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Which series end in a run of zeros twice as long as any before, and at least ``STOPPED_DAYS``."""
    days = np.arange(values.shape[1])
    costs = (values != 0) | (days == first[:, None])
    since = days - np.maximum.accumulate(np.where(costs, days, -1), axis=1)  # days since the last cost
    since[days < first[:, None]] = 0
    earlier = np.where(np.arange(len(days)) < len(days) - since[:, -1:], since, 0).max(axis=1)
    stopped: np.ndarray = since[:, -1] >= np.maximum(STOPPED_DAYS, 2 * earlier)
    return stopped


def slope_sums(start: int, end: int) -> float:
    """The mean of the damped slope's sums over the days ``start`` + 1 to ``end`` ahead."""
    reach = np.cumsum(DAMPING ** np.arange(1, end + 1))[start:]
    return float(TREND_KEPT * reach.mean())


def mirrored(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Fill the days before a series begins with its first days in reverse, so that windows need no special case."""
    count = values.shape[1]
    offset = np.arange(count)[None, :] - first[:, None]
    length = (count - first)[:, None]
    turn = np.mod(offset, 2 * length)
    index = np.where(offset >= 0, offset, np.where(turn < length, turn, 2 * length - 1 - turn))
    return np.take_along_axis(values, index + first[:, None], axis=1)


def _windows(values: np.ndarray, width: int) -> np.ndarray:
    """For each day the ``width`` days around it, clamped inside the history (S × T × width)."""
    count = values.shape[1]
    width = min(width, count)
    starts = np.clip(np.arange(count) - width // 2, 0, count - width)
    return sliding_window_view(values, width, axis=1)[:, starts]


def _near(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each day costs by the days around it, their median; and these days in order (S × T × width)."""
    ordered = np.sort(_windows(values, 2 * NEAR_DAYS + 1), axis=2)  # several times as fast as numpy's own median
    width = ordered.shape[2]
    return (ordered[:, :, (width - 1) // 2] + ordered[:, :, width // 2]) / 2, ordered


def _local(values: np.ndarray) -> np.ndarray:
    return _near(values)[0]


def finite_median(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Median and count of what is not NaN along the last axis; of nothing, NaN."""
    ordered = np.sort(values, axis=-1)  # NaN comes last
    count = np.isfinite(values).sum(axis=-1)
    low, high = (np.maximum(0, part)[..., None] for part in ((count - 1) // 2, count // 2))
    middle = (np.take_along_axis(ordered, low, -1) + np.take_along_axis(ordered, high, -1)) / 2
    return middle[..., 0], count


def _spread(residuals: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Sigma of each series by its median absolute deviation, over the days it exists."""
    lived = np.arange(residuals.shape[1]) >= first[:, None]
    return SIGMA_OF_MAD * finite_median(np.where(lived, np.abs(residuals), np.nan))[0]


def _without_first_days(values: np.ndarray, month_day: np.ndarray) -> np.ndarray:
    """Level days 1 to 3 that stand above all days around: a fee there must not become a weekday's habit."""
    local, windows = _near(values)
    stands_out = (values >= windows[:, :, -1]) & (values - local > 1.5 * (windows[:, :, -2] - local))
    return np.where(stands_out & (month_day <= 3), local, values)  # noqa: PLR2004


def weekday_factors(values: np.ndarray, first: np.ndarray, weekday: np.ndarray, month_day: np.ndarray) -> np.ndarray:
    """How much each weekday costs against its week (S × 7), around 1."""
    return weekdays_and_freedom(values, first, weekday, month_day)[0]


def weekdays_and_freedom(
    values: np.ndarray, first: np.ndarray, weekday: np.ndarray, month_day: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The weekday factors (S × 7), and what share of their variance they leave to the days (S).

    In ten days seven factors explain most of what is chance, so the scatter around them must be scaled up.
    """
    values = _without_first_days(values, month_day)
    mean = _windows(values, WEEK).mean(axis=2)
    usual = np.abs(values).mean(axis=1, keepdims=True)
    lived = (np.arange(values.shape[1]) >= first[:, None]) & (np.abs(mean) > 0.1 * usual)
    ratio = np.where(lived, values / np.where(lived, mean, 1.0), np.nan)[:, -WEEKDAY_DAYS:]
    medians, counts = np.ones((len(values), WEEK)), np.zeros((len(values), WEEK))
    around = np.zeros_like(ratio)
    for day in range(WEEK):
        on = np.flatnonzero(weekday[-WEEKDAY_DAYS:] == day)
        if on.size:
            middle, counts[:, day] = finite_median(ratio[:, on])
            medians[:, day] = np.nan_to_num(middle, nan=1.0)
            around[:, on] = ratio[:, on] - medians[:, day : day + 1]
    usual_week = _usual_week(medians)
    prior = _weekday_prior(medians - usual_week, counts, around)[:, None]
    factors = np.maximum(LEAST_FACTOR, (medians * counts + prior * usual_week) / (counts + prior))
    taken = (counts / (counts + prior)).sum(axis=1) / np.maximum(1, counts.sum(axis=1))
    return factors / factors.mean(axis=1, keepdims=True), np.maximum(LEAST_FREE, 1 - taken)


def _usual_week(medians: np.ndarray) -> np.ndarray:
    """What a week of the portfolio looks like (7), around 1: the less there is of it, the flatter."""
    others = len(medians) - 1
    week: np.ndarray = 1 + (np.median(medians, axis=0) - 1) * others / (others + WEEKDAY_OTHERS)
    return week


def _weekday_prior(off: np.ndarray, counts: np.ndarray, around: np.ndarray) -> np.ndarray:
    """How many days of the usual week to mix into each weekday (S): the fewer, the more a series' weeks agree.

    ``off`` (S × 7) is how far each weekday is from the usual week, ``around`` (S × days) how far its days scatter: the
    ratio of their variances is that number (empirical Bayes). What a series cannot tell, the portfolio may.
    """
    total = np.maximum(1, counts.sum(axis=1))
    spare = np.maximum(0, counts - 1).sum(axis=1)  # degrees of freedom
    within = np.nansum(around**2, axis=1) / np.maximum(1, spare)
    between = (counts * off**2).sum(axis=1) / total - within * WEEK / total
    own = _log_ratio(within, between)
    crowd = spare.mean() * min(len(off) - 1, WEEKDAY_CROWD)
    shared = _log_ratio(np.median(within), np.median(between))
    start = (crowd * shared + WEEK * np.log(WEEKDAY_PRIOR)) / (crowd + WEEK)
    prior: np.ndarray = np.exp((spare * own + WEEK * start) / (spare + WEEK))
    return prior


def _log_ratio(within: np.ndarray, between: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = np.log(np.clip(within / np.maximum(between, 1e-9), *WEEKDAY_PRIORS))
    return ratio


def monthly_charges(
    values: np.ndarray, first: np.ndarray, weekdays: np.ndarray, month_day: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What comes on the same day of each month (S × 32), and the past without it."""
    local = _local(values / weekdays) * weekdays
    excess = values - local
    bar = np.maximum(CHARGE_SIGMAS * _spread(excess, first)[:, None], 0.05 * np.abs(local)) + 1e-9
    out = np.abs(excess) > bar
    lived = np.arange(values.shape[1]) >= first[:, None]
    charges, past = np.zeros((len(values), 32)), values.copy()
    for day in np.unique(month_day):
        on = np.flatnonzero(month_day == day)
        hit = out[:, on] & lived[:, on]
        hit &= np.sign(excess[:, on]) == np.sign(excess[:, on[-1:]])
        if not hit[:, -1].any():  # most days have no charge, and a forecast shall be quick
            continue
        months, hits = lived[:, on].sum(axis=1), hit.sum(axis=1)
        seen = np.where(hit, excess[:, on], np.nan)
        size = np.abs(seen)
        with np.errstate(all="ignore"):
            alike = np.fmax.reduce(size, axis=1) <= CHARGE_ALIKE * np.fmin.reduce(size, axis=1)
        regular = (hits >= 2) & (hits >= CHARGE_SHARE * months) & ((hits > 2) | alike)  # noqa: PLR2004
        regular |= (day == 1) & (hits == 1) & (months == 1)
        regular &= hit[:, -1]
        amount = np.where(regular, np.nan_to_num(finite_median(seen[:, -4:])[0]), 0.0)
        charges[:, day] = amount
        past[:, on] -= np.where(hit & regular[:, None], excess[:, on], 0.0)
    return charges, past


def _without_spikes(past: np.ndarray, first: np.ndarray, weekdays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The past with isolated spikes cut down (a third day in a row is a new level, not a spike), and sigma."""
    local = _local(past / weekdays) * weekdays
    rest = past - local
    sigma = _spread(rest, first)
    out = np.abs(rest) > SPIKE_SIGMAS * sigma[:, None]
    often = out.mean(axis=1) > SPIKE_SHARE
    sigma = np.where(often, np.maximum(sigma, rest.std(axis=1)), sigma)
    out &= ~often[:, None]
    padded = np.pad(out, ((0, 0), (2, 2)))
    runs = sliding_window_view(padded, 3, axis=1).all(axis=2)
    isolated = out & ~sliding_window_view(runs, 3, axis=1).any(axis=2)
    kept = np.clip(rest, -SPIKE_KEPT * sigma[:, None], SPIKE_KEPT * sigma[:, None])
    return np.where(isolated, local + kept, past), sigma


def _levels(smooth: np.ndarray, first: np.ndarray, weekdays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each candidate's level and slope after each day (S × C × T).

    A day teaches as much as it weighs: with factor w its step is alpha · w · error / mean(w²), so that a quiet Sunday
    does not shake the level. Until 1 / alpha days have passed the level is a plain mean.
    """
    age = (np.arange(smooth.shape[1]) - first[:, None])[:, None, :]
    power = (weekdays**2).mean(axis=1)[:, None, None]
    factor = weekdays[:, None, :]
    gain = np.maximum(np.array(ALPHAS)[None, :, None], 1 / np.maximum(age + 1, 1)) * factor / power
    gain = np.where(age >= WARM_UP, np.minimum(gain, 1 / factor), 0.0)
    kept, push = 1 - gain * factor, gain * smooth[:, None, :]
    levels = np.empty_like(push)
    level = np.repeat(_opening(smooth, first, weekdays)[:, None], len(ALPHAS), axis=1)
    for day in range(smooth.shape[1]):
        level = levels[:, :, day] = level * kept[:, :, day] + push[:, :, day]
    fast, slow = (list(part) for part in zip(*TRENDS, strict=True))
    lag = (1 - np.array(ALPHAS)) / np.array(ALPHAS)
    slopes = np.zeros((len(levels), len(ALPHAS) + len(TRENDS), smooth.shape[1]))
    slopes[:, len(ALPHAS) :] = (levels[:, fast] - levels[:, slow]) / (lag[slow] - lag[fast])[None, :, None]
    return np.concatenate([levels, levels[:, fast]], axis=1), slopes


def _step(
    smooth: np.ndarray,
    first: np.ndarray,
    weekdays: np.ndarray,
    sigma: np.ndarray,
    levels: np.ndarray,
    slopes: np.ndarray,
) -> np.ndarray:
    """Move the last levels of series that end in a step to where it led, and tell what part is in doubt (S)."""
    count = smooth.shape[1]
    plain = smooth / weekdays
    doubt = np.zeros(len(smooth))
    steps = np.zeros(len(smooth), dtype=int)
    for days in STEP_DAYS:
        if count < days + STEP_BEFORE // 2:
            break
        before = np.median(plain[:, max(0, count - days - STEP_BEFORE) : count - days], axis=1)
        off = smooth[:, -days:] - before[:, None] * weekdays[:, -days:]
        bar = np.maximum(STEP_SIGMAS * sigma, 0.05 * np.abs(before))[:, None]
        stepped = (off > bar).all(axis=1) | (off < -bar).all(axis=1)
        steps = np.where(stepped & (first <= count - days - STEP_BEFORE // 2), days, steps)
    for days in STEP_DAYS:
        rows = np.flatnonzero(steps == days)
        if rows.size:
            level = smooth[rows, -days:].sum(axis=1) / weekdays[rows, -days:].sum(axis=1)
            kept = STEP_DOUBT / (days + STEP_DOUBT)
            doubt[rows] = kept * np.abs(level - levels[rows, 0, -1])
            levels[rows, :, -1] = kept * levels[rows, :, -1] + (1 - kept) * level[:, None]
            slopes[rows, :, -1] *= kept
    return doubt


def _opening(smooth: np.ndarray, first: np.ndarray, weekdays: np.ndarray) -> np.ndarray:
    age = np.arange(smooth.shape[1]) - first[:, None]
    seen = (age >= 0) & (age < WARM_UP)
    found: np.ndarray = (smooth * weekdays * seen).sum(axis=1) / (weekdays**2 * seen).sum(axis=1)
    return found


def backtest_origins(count: int, first: int, end: int) -> np.ndarray:
    """Days (indices) after which a forecast of ``end`` days can be compared with what came."""
    return np.arange(count - end - 1, first + WARM_UP - 2, -STRIDE)[::-1]


def window_sums(values: np.ndarray, origins: np.ndarray, start: int, end: int) -> np.ndarray:
    """Sums of ``values`` (S × T) over the days ``start`` + 1 to ``end`` after each origin (S × origins)."""
    summed = np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0)))
    found: np.ndarray = summed[:, origins + 1 + end] - summed[:, origins + 1 + start]
    return found


def _weights(
    smooth: np.ndarray,
    first: np.ndarray,
    weekdays: np.ndarray,
    levels: np.ndarray,
    slopes: np.ndarray,
    *,
    far: bool,
) -> np.ndarray:
    """How much each candidate is believed (S × C): by its errors on this series' own past."""
    count = smooth.shape[1]
    prior = np.array(FAR_PRIOR if far else NEAR_PRIOR)
    score = np.repeat(PRIOR_WINDOWS * prior[None, :], len(smooth), axis=0)
    weight = np.full((len(smooth), 1), PRIOR_WINDOWS)
    for horizon in FAR_TESTS if far else NEAR_TESTS:
        origins = backtest_origins(count, 0, horizon)
        if not origins.size:
            continue
        came = window_sums(smooth, origins, 0, horizon) / window_sums(weekdays, origins, 0, horizon)
        said = levels[:, :, origins] + slopes[:, :, origins] * slope_sums(0, horizon)
        lived = origins[None, :] >= first[:, None] + WARM_UP - 1
        miss = (np.abs(said - came[:, None, :]) * lived[:, None, :]).sum(axis=2)
        mean = miss.mean(axis=1, keepdims=True)
        relative = np.log(np.maximum(miss, 1e-3 * mean + 1e-12) / (mean + 1e-12))
        windows = lived.sum(axis=1, keepdims=True) * STRIDE / horizon
        score += windows * np.where(mean > 0, relative, 0.0) / 3
        weight += windows / 3
    return _soft(score / weight)


def _soft(score: np.ndarray) -> np.ndarray:
    powers = np.exp(-SHARPNESS * (score - score.min(axis=1, keepdims=True)))
    found: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return found


def farness(ahead: int) -> np.ndarray:
    """How far each coming day is the far weights' business: 0 in the next weeks, 1 in the next months."""
    return np.clip((np.arange(1, ahead + 1) - NEAR_ENDS) / (FAR_STARTS - NEAR_ENDS), 0, 1)


def _project(level: np.ndarray, slope: np.ndarray, near: np.ndarray, far: np.ndarray, ahead: int) -> np.ndarray:
    reach = TREND_KEPT * np.cumsum(DAMPING ** np.arange(1, ahead + 1))
    share = farness(ahead)
    paths = level[:, :, None] + slope[:, :, None] * reach
    found: np.ndarray = (paths * (near[:, :, None] * (1 - share) + far[:, :, None] * share)).sum(axis=1)
    return found


def _scheduled(charges: np.ndarray, days: list[date]) -> np.ndarray:
    """The charges of each coming day (S × H); one of day 31 falls on a shorter month's last day."""
    planned = np.zeros((len(charges), len(days)))
    for number, day in enumerate(days):
        last = days_in_month(day)
        planned[:, number] = charges[:, day.day] + (charges[:, last + 1 :].sum(axis=1) if day.day == last else 0.0)
    return planned
