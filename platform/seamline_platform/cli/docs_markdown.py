"""Markdown and JSON for people: tables, and JSON that breaks lines only where it must."""

import json
from collections.abc import Iterable, Mapping, Sequence

_WIDTH = 96


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = [_row(columns), _row(["---"] * len(columns))]
    lines += [_row(row) for row in rows]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").strip() for cell in cells) + " |"


def code(text: str, language: str = "") -> str:
    """Return a fenced block."""
    return f"```{language}\n{text}\n```"


def name(text: str) -> str:
    """Return text as inline code, or nothing for nothing."""
    return f"`{text}`" if text else ""


def pretty(value: object, indent: int = 0, width: int = _WIDTH) -> str:
    """Return JSON that keeps what fits on one line on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= width or not isinstance(value, Mapping | list):
        return flat
    inner = indent + 2
    if isinstance(value, Mapping):
        opening, closing = "{", "}"
        parts = [
            f"{json.dumps(key, ensure_ascii=False)}: {pretty(item, inner, width)}"
            for key, item in value.items()
        ]
    else:
        opening, closing = "[", "]"
        parts = [pretty(item, inner, width) for item in value]
    pad = "\n" + " " * inner
    return f"{opening}{pad}{f',{pad}'.join(parts)}\n{' ' * indent}{closing}"
