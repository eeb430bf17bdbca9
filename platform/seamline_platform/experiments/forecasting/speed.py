"""How long an update of 10,000 weekly series takes, beside the library that others use."""

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import FloatArray

SERIES: Final = 10_000
WEEKS: Final = 104
HORIZON: Final = 13
_ROUNDS: Final = 3


def panel_speed(series: int = SERIES, weeks: int = WEEKS, seed: int = 1) -> dict[str, Any]:
    """Return seconds of simple exponential smoothing on a panel, ours and statsforecast's.

    The best of three rounds each, on the same Poisson counts; and the largest difference between
    the two forecasts, relative to their mean.

    Raises:
        PluginError: if the extra `bench` is not installed.
    """
    try:
        import pandas as pd
        from statsforecast import StatsForecast
        from statsforecast.models import SimpleExponentialSmoothingOptimized
    except ImportError as exc:
        raise PluginError(
            "The comparison is with statsforecast: pip install 'seamline[bench]'."
        ) from exc
    from seamline_platform.demand.local.ses import ses_panel

    rng = np.random.default_rng(seed)
    y: FloatArray = rng.poisson(rng.gamma(2.0, 10.0, (series, 1)), (series, weeks)).astype(float)
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(series), weeks),
            "ds": np.tile(np.arange(weeks), series),
            "y": y.reshape(-1),
        }
    )

    def theirs() -> Any:
        models = [SimpleExponentialSmoothingOptimized()]
        return StatsForecast(models=models, freq=1, n_jobs=1).forecast(df=frame, h=HORIZON)

    ours_s, _ = _best(lambda: ses_panel(y))
    theirs_s, _ = _best(theirs)
    return {
        "series": series,
        "weeks": weeks,
        "ses_panel_s": round(ours_s, 3),
        "statsforecast_s": round(theirs_s, 3),
        "ratio": round(theirs_s / ours_s, 2),
    }


def _best(work: Callable[[], Any]) -> tuple[float, Any]:
    best, made = float("inf"), None
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        made = work()
        best = min(best, time.perf_counter() - start)
    return best, made
