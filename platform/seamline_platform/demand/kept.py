"""The trained state of a forecaster in a file that only this run can have written.

The file is one line of JSON (what it is), then the state as a pickle. Reading a pickle runs what it
says, so it is read only after its HMAC-SHA256 (RFC 2104) was found right under the key of this run,
which never leaves the run directory. A file from elsewhere, or one changed by a single bit, is
refused. What travels between plants is a recipe (see `recipe`), never such a file.
"""

import hashlib
import hmac
import json
import os
import pickle
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from seamline_broker.errors import PluginError

MAX_BYTES: Final = 64 * 1024 * 1024
"""A larger state is not kept: the forecaster trains again each night instead."""
_FORMAT: Final = "seamline-kept-state-1"
_MAC_BYTES: Final = 32
_LIBRARIES: Final = ("numpy", "scikit-learn", "statsforecast")


@dataclass(frozen=True, slots=True)
class KeptFile:
    """Where the state of a model is kept, and the key (hex) that it is signed with."""

    path: str
    key: str
    model_id: str


@dataclass(frozen=True, slots=True)
class _Label:
    """What a state belongs to; it fits only code and libraries that are the same."""

    format: str
    model_id: str
    code_version: str
    libraries: Mapping[str, str]


def _label(file: KeptFile, code: str) -> _Label:
    libraries = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            libraries[name] = version(name)
    return _Label(_FORMAT, file.model_id, code, libraries)


def _sign(key: str, content: bytes) -> bytes:
    return hmac.new(bytes.fromhex(key), content, hashlib.sha256).digest()


def save_state(file: KeptFile, forecaster: object, code: str) -> str:
    """Write the state of a trained forecaster; return "" or, in words, why it cannot be kept.

    The state is what the object holds (`__getstate__`), not the object: a class of a loose file can
    be kept like any other.
    """
    try:
        state = pickle.dumps(forecaster.__getstate__(), protocol=5)
    except Exception as exc:  # an object of a plug-in may refuse in any way
        return f"its state cannot be pickled ({exc!r})"
    if len(state) > MAX_BYTES:
        return f"its state has {len(state) / 1e6:.0f} MB; at most {MAX_BYTES / 1e6:.0f} are kept"
    content = json.dumps(asdict(_label(file, code))).encode() + b"\n" + state
    path = Path(file.path)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(_sign(file.key, content) + content)
        part.replace(path)
    except OSError as exc:
        return f"{path.name} cannot be written ({exc.strerror})"
    return ""


def load_state(file: KeptFile, forecaster: object, code: str) -> None:
    """Put a kept state into a new forecaster of the same class.

    Raises:
        PluginError: if there is no file, it is not signed with the key of this run, it belongs to
            another model, or code or libraries are no longer the same.
    """
    content = _verified(file)
    head, _, state = content.partition(b"\n")
    try:
        label = _Label(**json.loads(head))
    except (ValueError, TypeError) as exc:
        raise PluginError(f"The kept state of {file.model_id} has no readable label.") from exc
    expected = _label(file, code)
    if label != expected:
        was, now = asdict(label), asdict(expected)
        differ = ", ".join(name for name in now if was[name] != now[name])
        raise PluginError(f"The kept state of {file.model_id} does not fit any more: {differ}.")
    _restore(forecaster, pickle.loads(state))


def _verified(file: KeptFile) -> bytes:
    try:
        data = Path(file.path).read_bytes()
    except FileNotFoundError as exc:
        raise PluginError(f"No state of {file.model_id} is kept.") from exc
    except OSError as exc:
        raise PluginError(f"The state of {file.model_id} cannot be read: {exc.strerror}.") from exc
    mac, content = data[:_MAC_BYTES], data[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _sign(file.key, content)):
        raise PluginError(
            f"The kept state of {file.model_id} is not signed by this run: it is refused unread."
        )
    return content


def _restore(forecaster: object, state: object) -> None:
    put = getattr(forecaster, "__setstate__", None)
    if put is not None:
        put(state)
        return
    whole, slots = state if isinstance(state, tuple) else (state, None)
    for part in (whole, slots):
        for name, value in part.items() if isinstance(part, dict) else ():
            object.__setattr__(forecaster, name, value)
