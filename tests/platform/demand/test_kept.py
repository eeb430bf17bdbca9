"""Trained state in a file: what this run signed is taken, anything else is refused unread."""

import pickle
import sys
from pathlib import Path

import pytest

from seamline_broker.errors import PluginError
from seamline_platform.demand import kept
from seamline_platform.demand.kept import KeptFile, load_state, save_state

KEY, OTHER = "11" * 32, "22" * 32


class Model:
    """Holds what it learnt."""

    def __init__(self) -> None:
        self.learnt: object = None


class Slotted:
    """Has slots and a dict of its own making."""

    __slots__ = ("learnt",)


class Bomb:
    """A pickle of it runs code when it is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return sys.intern, ("bomb",)


@pytest.fixture
def file(tmp_path: Path) -> KeptFile:
    return KeptFile(str(tmp_path / "models" / "m-1.state"), KEY, "m-1")


def trained(learnt: object) -> Model:
    model = Model()
    model.learnt = learnt
    return model


def test_what_was_kept_comes_back_into_a_new_object(file: KeptFile) -> None:
    assert save_state(file, trained({"level": [1.0, 2.0]}), "code-1") == ""
    fresh = Model()
    load_state(file, fresh, "code-1")
    assert fresh.learnt == {"level": [1.0, 2.0]}
    assert Path(file.path).stat().st_mode & 0o777 == 0o600


def test_objects_with_slots_are_kept_too(file: KeptFile) -> None:
    model = Slotted()
    model.learnt = 5
    assert save_state(file, model, "c") == ""
    fresh = Slotted()
    load_state(file, fresh, "c")
    assert fresh.learnt == 5


@pytest.mark.parametrize("at", [0, 31, 32, 60, -1])
def test_one_altered_bit_is_refused(file: KeptFile, at: int) -> None:
    save_state(file, trained(1), "c")
    path = Path(file.path)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(PluginError, match="not signed by this run"):
        load_state(file, Model(), "c")


@pytest.mark.parametrize(
    "data", [b"", b"x" * 10, b"\0" * 32, pickle.dumps(Bomb()), b"\0" * 32 + pickle.dumps(Bomb())]
)
def test_an_unsigned_file_is_refused_without_being_unpickled(
    file: KeptFile, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(file.path).parent.mkdir()
    Path(file.path).write_bytes(data)
    monkeypatch.setattr(kept.pickle, "loads", lambda _: pytest.fail("it was unpickled"))
    with pytest.raises(PluginError, match="refused unread"):
        load_state(file, Model(), "c")


def test_the_key_of_another_run_does_not_open_it(file: KeptFile) -> None:
    save_state(file, trained(1), "c")
    with pytest.raises(PluginError, match="not signed by this run"):
        load_state(KeptFile(file.path, OTHER, "m-1"), Model(), "c")


def test_a_state_of_another_model_or_other_code_does_not_fit(file: KeptFile) -> None:
    save_state(file, trained(1), "c")
    with pytest.raises(PluginError, match="does not fit any more: code_version"):
        load_state(file, Model(), "newer")
    with pytest.raises(PluginError, match="does not fit any more: model_id"):
        load_state(KeptFile(file.path, KEY, "m-2"), Model(), "c")


def test_other_libraries_do_not_fit(file: KeptFile, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state(file, trained(1), "c")
    monkeypatch.setattr(kept, "version", lambda name: "0.0.1")
    with pytest.raises(PluginError, match="libraries"):
        load_state(file, Model(), "c")


def test_no_file_is_said_so(file: KeptFile) -> None:
    with pytest.raises(PluginError, match="No state of m-1 is kept"):
        load_state(file, Model(), "c")


def test_what_cannot_be_kept_says_why(
    file: KeptFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "cannot be pickled" in save_state(file, trained(lambda: 1), "c")
    monkeypatch.setattr(kept, "MAX_BYTES", 10)
    assert "at most" in save_state(file, trained("x" * 99), "c")
    monkeypatch.undo()
    (tmp_path / "flat").write_text("a file in the way")
    blocked = KeptFile(str(tmp_path / "flat" / "m.state"), KEY, "m")
    assert "cannot be written" in save_state(blocked, trained(1), "c")
    assert not Path(file.path).exists()
