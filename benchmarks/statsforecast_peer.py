"""statsforecast on a table of series, in an environment of its own (it pins an older pandas): prints seconds as JSON.

``build/peers/bin/python benchmarks/statsforecast_peer.py series.npy``; ``make bench`` makes that environment.
"""

from __future__ import annotations

import json
import sys
import warnings
from time import perf_counter

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import MSTL, AutoETS

AHEAD, WEEK, LEVELS = 122, 7, [80, 95]


def main() -> None:
    """Forecast with ranges by each model, and refit the interval that tells whether a day is off."""
    warnings.simplefilter("ignore")
    values = np.load(sys.argv[1])
    series = pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(len(values)), values.shape[1]),
            "ds": np.tile(np.arange(values.shape[1]), len(values)),
            "y": values.ravel(),
        }
    )
    interval = MSTL(WEEK, trend_forecaster=AutoETS(model="ZZN"))
    asked = {"mstl": (MSTL(WEEK), AHEAD), "ets": (AutoETS(season_length=WEEK), AHEAD), "interval": (interval, WEEK)}
    seconds = {}
    for name, (model, ahead) in asked.items():
        crowd = StatsForecast(models=[model], freq=1, n_jobs=-1)
        crowd.forecast(df=series[series.unique_id < 4], h=ahead, level=LEVELS)  # compiled, workers started
        started = perf_counter()
        crowd.forecast(df=series, h=ahead, level=LEVELS)
        seconds[name] = perf_counter() - started
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
