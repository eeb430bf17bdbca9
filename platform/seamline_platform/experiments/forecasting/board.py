"""Many result cards on one page: a newcomer's card joins, and ranks flip as they then do."""

from dataclasses import replace
from pathlib import Path

from seamline_platform.experiments.forecasting import decisions
from seamline_platform.experiments.forecasting.card import merged, read_cards
from seamline_platform.experiments.forecasting.contract import Result
from seamline_platform.experiments.forecasting.leaderboard import write_html


def write_board(cards: Path, html: Path) -> tuple[Result, tuple[str, ...]]:
    """Write the leaderboard of a folder of cards.

    Returns:
        What is on it, and a sentence for each card that could not join.

    Raises:
        ConfigError: if the folder holds no card, one cannot be read, or the page not be written.
    """
    result, refused = merged(read_cards(cards))
    result = replace(result, rank_flips=decisions.rank_flips(result.tasks, result.decisions))
    write_html(result, html, refused)
    return result, refused
