"""What forecasters learn from: stored sales as a long frame, with what is known of each style."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_broker.contracts.catalogue import Catalogue, Style
from seamline_platform.app.sql import OUTCOMES, SALES_HISTORY
from seamline_platform.demand.frame import long_frame
from seamline_platform.demand.recalibrate import Outcomes
from seamline_platform.store.store import Store

DAY_MS: Final = 86_400_000
HISTORY_DAYS: Final = 120
OUTCOME_DAYS: Final = 14
MAX_OUTCOME_SERIES: Final = 400
"""Of more series than this, a fixed part is looked at: enough to tell by how much to correct."""
ATTRIBUTES: Final = ("style", "colour", "size", "region", "category", "fabric")


def sales_history(
    store: Store, catalogue: Catalogue, origin_ms: int, days: int = HISTORY_DAYS
) -> pa.Table:
    """Return the sales of `days` days before `origin_ms` as a long frame.

    Sales are those that ingest stored: cut by stock-outs, with the minutes of each day without
    stock, the price and the announced promotion. The text columns `ATTRIBUTES` say what the
    catalogue knows of each series (null for a style that it does not list). Days to come have no
    rows: nobody tells the platform prices and promotions beforehand.

    Raises:
        StoreError: if the store cannot be read.
    """
    rows = store.read_table(SALES_HISTORY, [origin_ms - days * DAY_MS, origin_ms])
    return long_frame(_with_attributes(rows, catalogue.styles))


def _with_attributes(rows: pa.Table, styles: Mapping[str, Style]) -> pa.Table:
    names = rows["unique_id"].combine_chunks().dictionary_encode()
    facts = [_attributes(str(name), styles) for name in names.dictionary.to_pylist()]
    for place, attribute in enumerate(ATTRIBUTES):
        by_series = pa.array([fact[place] for fact in facts], pa.string())
        rows = rows.append_column(attribute, by_series.take(names.indices))
    return rows


def _attributes(unique_id: str, styles: Mapping[str, Style]) -> tuple[str | None, ...]:
    sku, _, region = unique_id.partition("@")
    name, colour, size = [*sku.split("-", 2), "", ""][:3]
    style = styles.get(name)
    category, fabric = (style.category, style.fabric) if style is not None else (None, None)
    return (name or None, colour or None, size or None, region or None, category, fabric)


def outcomes(store: Store, model: str, origin_ms: int) -> Outcomes:
    """Return how the forecasts of `model` of the last nights turned out, as they left the model.

    Days that a stock-out cut short do not count. Of more than `MAX_OUTCOME_SERIES` series a fixed
    part is read.

    Raises:
        StoreError: if the store cannot be read.
    """
    since_ms = origin_ms - OUTCOME_DAYS * DAY_MS
    rows = store.read_table(OUTCOMES, [since_ms, origin_ms, model, MAX_OUTCOME_SERIES])
    flat = rows["q"].combine_chunks()
    count = len(rows)
    values = flat.flatten().to_numpy(zero_copy_only=False) if count else np.empty(0)
    return Outcomes(
        ahead=np.asarray(rows["ahead"].to_numpy(), dtype=np.int64),
        actual=np.asarray(rows["y"].to_numpy(), dtype=np.float64),
        quantiles=np.asarray(values, dtype=np.float64).reshape(count, -1 if count else 0),
    )
