"""Cards hold solutions that the checker confirms; a changed one is found out."""

import json

import pytest
from typer.testing import CliRunner

from seamline_broker.errors import ConfigError
from seamline_platform.cli.main import app
from seamline_platform.experiments.scheduling import catalogue, study
from seamline_platform.experiments.scheduling.cards import is_schedule_card, read_card, write_cards
from seamline_platform.experiments.scheduling.garment import load_frozen
from seamline_platform.experiments.scheduling.plan import Options
from seamline_platform.experiments.scheduling.verify import verify_schedule_card


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    """Return the cards of a run of one frozen plant by moves."""
    folder = tmp_path_factory.mktemp("cards")
    one = load_frozen("garment_40x8")[:1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "load_cases", lambda family, instances, quick: one)
        options = Options(families=("garment_40x8",), solvers=("Annealing",), peers="none",
                          moves=300, out=folder / "out", jobs=1)  # fmt: skip
        files = write_cards(study.run(options), folder)
    return {read_card(file).column: file for file in files}


@pytest.mark.timeout(600)
def test_cards_are_confirmed_by_checking_and_running_again(cards):
    assert set(cards) == {"rules", "Seamline", "Annealing"}
    for column in ("rules", "Annealing"):
        verdict = verify_schedule_card(cards[column])
        assert verdict.exit_code == 0, verdict.text()
        assert verdict.compared == 5
        assert not verdict.notes


@pytest.mark.timeout(600)
def test_a_better_objective_than_the_plan_has_is_found_out(cards, tmp_path):
    document = json.loads(cards["Annealing"].read_text())
    document["rows"][0]["objective"] -= 1
    file = tmp_path / "card.json"
    file.write_text(json.dumps(document))
    said = " ".join(map(str, verify_schedule_card(file).differences))
    assert "seal" in said
    assert "objective: the card says" in said
    found = CliRunner().invoke(app, ["bench", "verify", str(file)])
    assert found.exit_code == 1


def test_a_plan_that_leaves_an_order_out_is_found_out(cards, tmp_path):
    document = json.loads(cards["rules"].read_text())
    lines = document["rows"][0]["solution"]["lines"]
    next(row for row in lines.values() if row).pop()
    file = tmp_path / "card.json"
    file.write_text(json.dumps(document))
    assert "is not planned" in " ".join(map(str, verify_schedule_card(file).differences))


def test_what_is_no_card_is_said_to_be_none(tmp_path):
    file = tmp_path / "card.json"
    file.write_text("{}")
    assert not is_schedule_card(file)
    with pytest.raises(ConfigError, match="no card of kind"):
        read_card(file)
    assert verify_schedule_card(file).exit_code == 2
