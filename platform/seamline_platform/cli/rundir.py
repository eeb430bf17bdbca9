"""The run directory: everything that one run writes, held by one supervisor at a time."""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TextIO

import psutil

from seamline_broker.errors import ConfigError, SeamlineError
from seamline_broker.users import Secrets, write_private
from seamline_platform.cli.ports import process_text

_PARTS: Final = ("broker", "field", "outbox", "store", "models", "logs", "config")
_FILES: Final = ("run.json", "supervisor.json", "platform.json")


class RunDirError(SeamlineError):
    """The run directory cannot be used."""


class RunDir:
    """Paths of a run directory and the lock on it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: TextIO | None = None

    @property
    def secrets_path(self) -> Path:
        """Generated passwords."""
        return self.path / "secrets.json"

    @property
    def store_path(self) -> Path:
        """The DuckDB file."""
        return self.path / "store" / "seamline.duckdb"

    @property
    def platform_path(self) -> Path:
        """Where the platform says its URL, token and process id."""
        return self.path / "platform.json"

    def log(self, name: str) -> Path:
        """Return the log file of a process."""
        return self.path / "logs" / f"{name}.log"

    def config(self, name: str) -> Path:
        """Return the configuration file of a process."""
        return self.path / "config" / f"{name}.json"

    def outbox(self, gateway: str) -> Path:
        """Return the outbox file of a gateway."""
        return self.path / "outbox" / f"{gateway}.sqlite"

    def make(self) -> None:
        """Make the directory and its folders.

        Raises:
            RunDirError: if that is not possible, with the reason.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for name in _PARTS:
                (self.path / name).mkdir(exist_ok=True, mode=0o700)
        except OSError as exc:
            raise RunDirError(_reason(self.path, exc)) from exc

    def lock(self) -> None:
        """Take the directory for this process until it ends.

        Raises:
            RunDirError: if another process holds it (says which), or it cannot be written.
        """
        self.make()
        try:
            file = (self.path / "run.lock").open("a+", encoding="utf-8")
        except OSError as exc:
            raise RunDirError(_reason(self.path, exc)) from exc
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            who = process_text(int(holder)) if holder.isdigit() else "another process"
            raise RunDirError(
                f"Run directory {self.path} is in use by {who}. "
                "Stop it with Ctrl-C, or choose another: --run-dir DIR."
            ) from exc
        try:
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        except OSError as exc:
            raise RunDirError(_reason(self.path, exc)) from exc
        self._lock = file

    def unlock(self) -> None:
        """Give the directory back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def clear(self) -> None:
        """Remove what an earlier run wrote; secrets stay, so that devices keep their passwords.

        Raises:
            RunDirError: if it cannot be removed.
        """
        try:
            for name in _PARTS:
                if (self.path / name).exists():
                    shutil.rmtree(self.path / name)
            for name in _FILES:
                (self.path / name).unlink(missing_ok=True)
        except OSError as exc:
            raise RunDirError(_reason(self.path, exc)) from exc
        self.make()

    def check_free_space(self, minimum_mb: int) -> None:
        """Check that a run can begin to write.

        Raises:
            RunDirError: if less than `minimum_mb` MB are free.
        """
        free_mb = shutil.disk_usage(self.path).free // 1_000_000
        if free_mb < minimum_mb:
            raise RunDirError(
                f"Disk is full: {free_mb} MB free at {self.path}, {minimum_mb} MB needed to start. "
                "Free some space, or choose another: --run-dir DIR."
            )

    def remember(self, run: Mapping[str, object], given: Mapping[str, bool]) -> dict[str, object]:
        """Return scenario and seed of the run in this directory; a new run is noted down.

        Args:
            run: what this start asks for.
            given: which of these a person really asked for, besides defaults.

        Raises:
            ConfigError: if the directory holds another run than the one asked for.
        """
        path = self.path / "run.json"
        if not path.exists():
            write_private(path, json.dumps(dict(run)))
            return dict(run)
        known = read_json(path)
        for key, value in run.items():
            if given.get(key) and known.get(key) != value:
                raise ConfigError(
                    f"Run directory {self.path} holds a run with {key} {known.get(key)!r}, "
                    f"not {value!r}. Begin anew with --fresh, or choose another --run-dir."
                )
        return {**run, **known}

    def secrets(self) -> Secrets:
        """Open the generated passwords.

        Raises:
            SeamlineError: if they cannot be read or made.
        """
        return Secrets.open(self.secrets_path)

    def leftovers(self) -> list[psutil.Process]:
        """Return processes of a supervisor that was killed, as far as they still live."""
        try:
            pids = read_json(self.path / "supervisor.json").get("pids", {})
        except ConfigError:
            return []
        found = []
        for pid in pids.values() if isinstance(pids, dict) else ():
            try:
                process = psutil.Process(int(pid))
                if str(self.path) in " ".join(process.cmdline()):
                    found.append(process)
            except (psutil.Error, ValueError, TypeError):
                continue
        return found


def read_json(path: Path) -> dict[str, object]:
    """Read a small JSON object.

    Raises:
        ConfigError: if there is no such file or it is not an object.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ConfigError(f"{path} cannot be read: {exc}.") from exc
    if not isinstance(document, dict):
        raise ConfigError(f"{path} does not hold a JSON object.")
    return document


def _reason(path: Path, exc: OSError) -> str:
    if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"No permission to write {path}. Choose another: --run-dir DIR."
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"Disk is full: {path} cannot be written. Free some space."
    return f"Run directory {path} cannot be used: {exc.strerror}."
