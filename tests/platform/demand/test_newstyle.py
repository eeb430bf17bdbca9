"""New styles: hand calculations, planted truths on small markets, and what may be missing."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import nbinom

from seamline_platform.demand.analogue import from_analogues, likeness
from seamline_platform.demand.frame import FloatArray, grid_of, long_frame, panel_of
from seamline_platform.demand.levels import Belief, Tuning, filtered, log_probability, weeks_of
from seamline_platform.demand.lifecurve import FLAT, LifeCurve, fit_life_curve
from seamline_platform.demand.newstyle import NewStyle
from seamline_platform.demand.predictive import PastWindows, fit_scatter
from seamline_platform.demand.protocol import check_forecast
from seamline_platform.demand.rhythm import Calendar, fit_rhythm
from seamline_platform.demand.signals import SignalWorth, corrected, learn_worth
from seamline_platform.demand.stylemap import style_map
from seamline_platform.demand.stylemodel import fit_style_model

DAY_0 = np.datetime64("2026-01-05")
LEVELS = (0.1, 0.5, 0.9)


def test_gamma_poisson_by_hand() -> None:
    prior = Belief(np.array([2.0]), np.array([4.0]))
    after = prior.updated(np.array([12.0]), np.array([6.0]))
    assert (after.alpha[0], after.beta[0]) == (14.0, 10.0)
    assert after.mean[0] == pytest.approx(1.4)
    # a week of expectation .5 x 6 = 3 with phi = .5 counts 1 / (1 + 1.5)
    tempered = prior.updated(np.array([12.0]), np.array([6.0]), 0.5)
    assert (tempered.alpha[0], tempered.beta[0]) == pytest.approx((2 + 4.8, 4 + 2.4))


def test_a_stock_out_is_not_read_as_a_lack_of_demand() -> None:
    prior = Belief(np.array([2.0]), np.array([1.0]))
    full = prior.updated(np.array([14.0]), np.array([7.0]))
    half = prior.updated(np.array([7.0]), np.array([3.5]))
    assert full.mean[0] == half.mean[0] == 2.0
    assert full.alpha[0] > half.alpha[0]


def test_a_lognormal_becomes_the_gamma_of_its_moments() -> None:
    mean, variance = np.array([1.0]), np.array([0.4])
    belief = Belief.of_log(mean, variance)
    assert belief.mean[0] == pytest.approx(np.exp(1.2))
    assert belief.alpha[0] / belief.beta[0] ** 2 == pytest.approx((np.exp(0.4) - 1) * np.exp(2.4))


def test_knowledge_fades_but_the_mean_stays_and_the_prior_is_the_least() -> None:
    prior = Belief(np.array([2.0]), np.array([1.0]))
    belief = Belief(np.array([50.0]), np.array([10.0]))
    once = belief.faded(prior, 0.8)
    assert (once.alpha[0], once.mean[0]) == pytest.approx((40.0, 5.0))
    for _ in range(50):
        belief = belief.faded(prior, 0.8)
    assert (belief.alpha[0], belief.mean[0]) == pytest.approx((2.0, 5.0))
    with pytest.raises(ValueError, match="above zero"):
        Belief(np.array([0.0]), np.array([1.0]))


def test_probability_is_scipys_negative_binomial() -> None:
    count, mean, scatter = np.array([0.0, 3.0, 40.0]), np.array([1.0, 2.5, 30.0]), np.array([0.3])
    k = 1 / 0.3
    assert log_probability(count, mean, scatter) == pytest.approx(
        nbinom.logpmf(count, k, k / (k + mean)), rel=1e-9
    )


def test_a_planted_level_is_found_through_stock_outs() -> None:
    rng = np.random.default_rng(8)
    exposure = np.where(rng.random((60, 30)) < 0.3, 2.0, 7.0)
    level = rng.gamma(4.0, 1.0, 60)
    sold = rng.poisson(level[:, None] * exposure).astype(float)
    prior = Belief(np.ones(60), np.ones(60) / 4)
    tuning = Tuning(np.full(60, 1.0), np.full(60, 0.0))
    belief, _ = filtered(prior, sold, exposure, tuning)
    assert np.abs(belief.mean / level - 1).mean() < 0.05


def test_weeks_end_at_the_origin() -> None:
    values = np.arange(17.0)[None, :]
    assert weeks_of(values, 16).tolist() == [[sum(range(2, 9)), sum(range(9, 16))]]
    assert weeks_of(values, 3, block=1).tolist() == [[0.0, 1.0, 2.0]]


def test_likeness_counts_what_agrees() -> None:
    attributes = {"category": ("shirt", "shirt", "polo"), "fabric": ("a", "b", "b")}
    every = np.arange(3)
    assert likeness(attributes, every, every).tolist() == [
        [1.0, 0.5, 0.0],
        [0.5, 1.0, 0.5],
        [0.0, 0.5, 1.0],
    ]
    assert likeness({}, every, every).sum() == 0


def planted_styles(
    count: int = 150, seed: int = 5
) -> tuple[dict[str, tuple[str, ...]], FloatArray]:
    rng = np.random.default_rng(seed)
    attributes, log_level = {}, np.full(count, 1.0)
    for name in ("category", "fabric", "fit", "season"):
        code = rng.integers(0, 4, count)
        log_level = log_level + rng.normal(0, 0.5, 4)[code]
        attributes[name] = tuple(f"{name}{c}" for c in code)
    return attributes, log_level + rng.normal(0, 0.2, count)


def test_analogues_find_planted_effects_of_attributes_and_their_own_uncertainty() -> None:
    attributes, log_level = planted_styles()
    earlier, asked = np.arange(100), np.arange(100, 150)
    noise = np.full(100, 0.01)
    found = from_analogues(attributes, earlier, log_level[:100], noise, asked)
    error = found.mean - log_level[100:]
    assert error.std() < 0.5 * log_level[100:].std()
    assert (error**2 / found.variance).mean() == pytest.approx(1.0, abs=0.5)
    # whoever agrees in more attributes counts for more
    alike = likeness(attributes, asked, earlier)
    assert np.corrcoef(alike.ravel(), found.weights.ravel())[0, 1] > 0.5


def test_a_style_does_not_count_for_itself() -> None:
    attributes, log_level = planted_styles(40)
    earlier, noise = np.arange(40), np.full(40, 0.01)
    first = from_analogues(attributes, earlier, log_level, noise, earlier)
    assert first.weights[7, 7] == pytest.approx(0.0, abs=1e-9)
    others = np.delete(earlier, 7)
    alone = from_analogues(attributes, others, log_level[others], noise[others], earlier[7:8])
    if (alone.shared_variance, alone.rest_variance) == (first.shared_variance, first.rest_variance):
        centre = (log_level / (noise + 0.3)).sum() / (1 / (noise + 0.3)).sum()
        assert first.mean[7] == pytest.approx(alone.mean[0], abs=0.05 * abs(centre) + 0.02)
    with pytest.raises(ValueError, match="at least one earlier style"):
        from_analogues(attributes, np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), earlier)


def test_signals_are_weighed_by_what_they_were_worth() -> None:
    rng = np.random.default_rng(2)
    log_level = rng.normal(1.0, 1.0, 200)
    signal = np.exp(log_level + np.log(30) + rng.normal(0, 0.45, 200))
    worth = learn_worth(signal, log_level, np.zeros(200))
    assert worth is not None
    assert worth.log_rate == pytest.approx(np.log(30), abs=0.1)
    assert worth.variance == pytest.approx(0.45**2, rel=0.2)
    assert learn_worth(signal[:4], log_level[:4], np.zeros(4)) is None
    # two normal observations of precision 1/.5 and 1/.25
    mean, variance = corrected(
        np.array([0.0, 0.0]),
        np.array([0.5, 0.5]),
        [(np.array([np.e * 10, np.nan]), SignalWorth(np.log(10), 0.25, 9))],
    )
    assert mean.tolist() == pytest.approx([4 / 6, 0.0])
    assert variance.tolist() == pytest.approx([1 / 6, 0.5])


def test_the_shape_of_a_life_is_learned() -> None:
    rng = np.random.default_rng(4)
    truth = LifeCurve(np.array([0.5, 0.8, 1.2, 1.6, 1.7, 1.5, 1.2, 1.0, 0.8, 0.7, 0.6, 0.4]))
    share = (np.arange(84) + 0.5)[None, :].repeat(30, axis=0) / 84
    level = rng.gamma(3.0, 4.0, (30, 1))
    expected = np.ones((30, 84))
    sold = rng.poisson(level * truth.at(share)).astype(float)
    found = fit_life_curve(sold, expected, share)
    assert found.shape == pytest.approx(truth.shape, abs=0.12)
    assert fit_life_curve(sold[:2], expected[:2], share[:2]) is FLAT
    assert FLAT.at(np.array([-0.1, 0.5, 1.0])).tolist() == [0.0, 1.0, 0.0]


def test_calendar_and_promotion_are_learned_from_all_styles() -> None:
    rng = np.random.default_rng(6)
    days = 210
    weekday = np.arange(days) % 7
    event = np.where((np.arange(days) >= 100) & (np.arange(days) < 104), 1, 0)
    promo = (rng.random((40, days)) < 0.05).astype(float)
    week = np.array([0.9, 0.9, 0.9, 1.0, 1.0, 1.15, 1.15])
    mean = rng.gamma(4.0, 5.0, (40, 1)) * week[weekday] * np.where(event == 1, 3.0, 1.0)
    sold = rng.poisson(mean * np.where(promo > 0, 2.0, 1.0)).astype(float)
    calendar = Calendar(weekday, event, promo, np.zeros((40, days)))
    found = fit_rhythm(sold, np.ones((40, days)), calendar)
    assert found.weekday == pytest.approx(week / week.mean(), rel=0.05)
    assert found.event[1] == pytest.approx(3.0, rel=0.12)
    assert found.promo == pytest.approx(2.0, rel=0.1)


def test_levels_are_put_right_where_demand_scatters_otherwise_than_was_thought() -> None:
    rng = np.random.default_rng(9)
    mean = np.full(8_000, 10.0)
    true_k = 4.0
    sold = rng.poisson(rng.gamma(true_k, 10.0 / true_k, 8_000)).astype(float)
    past = PastWindows(mean, np.zeros(8_000), sold)
    scatter = fit_scatter(past, rng)
    assert scatter.phi == pytest.approx(1 / true_k, rel=0.1)
    q = scatter.quantiles(np.array([10.0]), np.array([0.0]), LEVELS)[0]
    for level, value in zip(LEVELS, q, strict=True):
        assert (sold < value).mean() <= level + 0.02
        assert (sold <= value).mean() >= level - 0.02


def market(days: int = 200, seed: int = 1, signals: bool = True) -> tuple[pa.Table, float]:
    """A market of 24 styles with lives of 70 days; the last one is launched on the next day."""
    rng = np.random.default_rng(seed)
    effect = {"shirt": 0.8, "polo": -0.8}
    rows: dict[str, list[object]] = {
        name: [] for name in ("unique_id", "ds", "y", "favourites", "category", "launch", "last")
    }
    size = {"S": 0.2, "M": 0.5, "L": 0.3}
    truth = 0.0
    for number in range(24):
        category = ("shirt", "polo")[number % 2]
        launch = days if number == 23 else 14 + number * 8
        level = float(np.exp(1.5 + effect[category] + rng.normal(0, 0.3)))
        told = level * 20 * np.exp(rng.normal(0, 0.2))
        truth = level
        for name, share in size.items():
            for day in range(launch - 14, min(launch + 70, days + 14)):
                known = launch <= day < days
                rows["unique_id"].append(f"N{number:02d}-RED-{name}@east")
                rows["ds"].append(DAY_0 + day)
                rows["y"].append(float(rng.poisson(level * share)) if known else None)
                early = day < launch and day < days and signals
                rows["favourites"].append(float(rng.poisson(told)) if early else None)
                rows["category"].append(category)
                rows["launch"].append(str(DAY_0 + launch))
                rows["last"].append(str(DAY_0 + launch + 69))
    rows["ds"] = list(np.array(rows["ds"]).astype("datetime64[D]").astype(object))
    return long_frame(rows), truth


def total_of_new(history: pa.Table) -> float:
    made = NewStyle().cumulative(history, [14], (0.5,))
    pairs = zip(made["unique_id"].to_pylist(), made["value"].to_pylist(), strict=True)
    return sum(value for name, value in pairs if name.startswith("N23"))


def test_a_style_before_its_first_sale_is_told_by_category_and_signal() -> None:
    errors, blind = [], []
    for seed in range(6):
        history, level = market(seed=seed)
        errors.append(abs(np.log(total_of_new(history) / (14 * level))))
        without, _ = market(seed=seed, signals=False)
        blind.append(abs(np.log(total_of_new(without) / (14 * level))))
    assert np.mean(errors) < 0.35
    assert np.mean(errors) < np.mean(blind)


def test_forecast_is_complete_and_sizes_follow_the_curve() -> None:
    history, _ = market()
    panel = panel_of(history)
    made = check_forecast(NewStyle().forecast(history, 14, LEVELS), panel, 14, LEVELS)
    grid = grid_of(made)
    model = fit_style_model(panel, 14)
    new = [i for i, name in enumerate(grid.ids) if name.startswith("N23")]
    assert model.share[new].sum() == pytest.approx(1.0)
    assert model.share[new] == pytest.approx([0.3, 0.5, 0.2], abs=0.05)  # L, M, S
    over = [i for i, name in enumerate(grid.ids) if name.startswith("N00")]
    assert grid.values[over].max() == 0.0  # a life that ended


def test_the_same_twice_and_nothing_of_later_days() -> None:
    history, _ = market()
    first = NewStyle().forecast(history, 7, LEVELS)
    assert first.equals(NewStyle().forecast(history, 7, LEVELS))


@pytest.mark.parametrize("drop", ["category", "favourites", "launch", "last"])
def test_columns_may_be_missing(drop: str) -> None:
    history, _ = market()
    less = history.drop_columns([drop])
    made = NewStyle().forecast(less, 7, LEVELS)
    check_forecast(made, panel_of(less), 7, LEVELS)


def test_one_style_alone_and_one_day_alone() -> None:
    history = long_frame(
        {"unique_id": ["A-B-C@d"] * 3, "ds": pa.array(DAY_0 + np.arange(3)), "y": [1.0, 0.0, 2.0]}
    )
    check_forecast(NewStyle().forecast(history, 5, LEVELS), panel_of(history), 5, LEVELS)
    one = history.slice(2, 1)
    check_forecast(NewStyle().forecast(one, 5, LEVELS), panel_of(one), 5, LEVELS)


def test_other_frequencies_have_no_week_and_no_lives() -> None:
    rng = np.random.default_rng(3)
    months = np.arange("2022-01", "2025-01", dtype="datetime64[M]").astype("datetime64[D]")
    history = long_frame(
        {
            "unique_id": np.repeat(["a", "b", "c"], 36),
            "ds": pa.array(np.tile(months, 3)),
            "y": rng.poisson(5, 108).astype(float),
        }
    )
    made = NewStyle().forecast(history, 6, LEVELS)
    check_forecast(made, panel_of(history), 6, LEVELS)


def test_what_it_cannot_do_is_said() -> None:
    days = pa.array(DAY_0 + np.arange(3))
    nothing = long_frame({"unique_id": ["a"] * 3, "ds": days, "y": [0.0] * 3})
    with pytest.raises(ValueError, match="Nothing was ever sold"):
        NewStyle().forecast(nothing, 5, LEVELS)
    returns = long_frame({"unique_id": ["a"] * 3, "ds": days, "y": [3.0, -1.0, 2.0]})
    made = NewStyle().forecast(returns, 5, LEVELS)  # a return is no demand
    check_forecast(made, panel_of(returns), 5, LEVELS)
    assert grid_of(made).values.min() >= 0
    with pytest.raises(ValueError, match="from 1 on"):
        NewStyle().cumulative(returns, [0, 3], LEVELS)


def test_a_style_is_found_in_names_and_in_columns() -> None:
    history, _ = market()
    styles = style_map(panel_of(history))
    assert len(styles.names) == 24
    assert styles.attributes.keys() == {"category"}
    assert np.nanmin(styles.life) == np.nanmax(styles.life) == 70
    renamed = history.append_column("style", pa.array(["X"] * len(history)))
    assert style_map(panel_of(renamed)).names == ("X",)
