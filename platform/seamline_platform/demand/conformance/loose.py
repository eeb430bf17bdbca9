"""A file that was named without its class."""

import ast
from pathlib import Path

from seamline_broker.errors import PluginError
from seamline_platform.demand.protocol import canonical_name, forecaster_names


def spec_of(text: str) -> str:
    """Return `mine.py:Mine` for `mine.py` if it defines one forecaster, else `text` as it came.

    Raises:
        PluginError: if the file is not there, cannot be read as Python, or defines no forecaster or
            several.
    """
    if not text.endswith(".py"):
        name = canonical_name(text)
        if ".py:" not in text and name not in forecaster_names():
            raise PluginError(
                f"There is no forecaster {text!r}; registered: {', '.join(forecaster_names())}; or "
                "name a file and a class, as in 'mine.py:Mine'."
            )
        return name
    names = _forecasters_in(Path(text))
    if len(names) != 1:
        raise PluginError(
            f"{text} defines {', '.join(names) or 'no class with a method forecast'}; "
            f"name one, as in '{text}:{names[0] if names else 'Mine'}'."
        )
    return f"{text}:{names[0]}"


def _forecasters_in(path: Path) -> list[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except (OSError, SyntaxError, ValueError) as exc:
        raise PluginError(f"{path} cannot be read as Python: {exc}.") from exc
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    own = [node.name for node in classes if _defines(node, "forecast")]
    # A class on top of an adapter has its method from there.
    return own or [node.name for node in classes if node.bases and _defines(node, "model")]


def _defines(node: ast.ClassDef, method: str) -> bool:
    return any(isinstance(part, ast.FunctionDef) and part.name == method for part in node.body)
