"""Numbers out of instance files, with errors that say file, line, and what was expected."""

from collections.abc import Sequence
from pathlib import Path

from seamline_broker.errors import ConfigError


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        ConfigError: if the file cannot be read or is not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: cannot be read as text: {exc}") from exc


class Numbers:
    """The whole numbers of a file in sequence; lines matter only for messages."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        self.path = path
        self._items = [
            (line, word)
            for line, words in enumerate(
                (read_text(path) if text is None else text).splitlines(), start=1
            )
            for word in words.split()
        ]
        self._at = 0

    @property
    def left(self) -> int:
        """How many numbers are left."""
        return len(self._items) - self._at

    def next(self, what: str, least: int | None = None, most: int | None = None) -> int:
        """Return the next number, `what` it is being said in errors.

        Raises:
            ConfigError: if there is none, or none that is whole and in `least` .. `most`.
        """
        if not self.left:
            raise ConfigError(f"{self.path}: ends where {what} was expected.")
        line, word = self._items[self._at]
        try:
            value = int(word)
        except ValueError as exc:
            raise ConfigError(
                f"{self.path}, line {line}: {word!r} where {what} was expected (a whole number)."
            ) from exc
        if (least is not None and value < least) or (most is not None and value > most):
            span = f"{'..' if least is None else least} to {'..' if most is None else most}"
            raise ConfigError(
                f"{self.path}, line {line}: {value} where {what} was expected ({span})."
            )
        self._at += 1
        return value

    def row(self, count: int, what: str, least: int | None = None) -> list[int]:
        """Return the next `count` numbers.

        Raises:
            ConfigError: as `next`.
        """
        return [self.next(f"{what} ({n + 1} of {count})", least) for n in range(count)]

    def skip_line(self) -> None:
        """Pass over what is left of the line last read from."""
        if not self._at:
            return
        line = self._items[self._at - 1][0]
        while self.left and self._items[self._at][0] == line:
            self._at += 1

    def end(self) -> None:
        """Make sure that nothing is left.

        Raises:
            ConfigError: if something is.
        """
        if self.left:
            line, word = self._items[self._at]
            raise ConfigError(f"{self.path}, line {line}: {word!r} after the end of the instance.")


def square(rows: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Return a table of tuples."""
    return tuple(tuple(row) for row in rows)
