"""Whether two scenarios have the same market, whatever their plants."""

from seamline_sim.scenario import Scenario

_SECTIONS = ("market.", "festivals.", "returns.", "collection.")


def same_market(one: Scenario, other: Scenario) -> bool:
    """Return whether start, regions, sellers, collection and market figures are the same."""
    return all(
        (
            one.start_ms == other.start_ms,
            [(r.id, r.share_permille) for r in one.regions]
            == [(r.id, r.share_permille) for r in other.regions],
            one.sellers == other.sellers,
            one.collection == other.collection,
            _figures(one) == _figures(other),
        )
    )


def _figures(scenario: Scenario) -> dict[str, int]:
    return {key: n for key, n in scenario.figures.items() if key.startswith(_SECTIONS)}
