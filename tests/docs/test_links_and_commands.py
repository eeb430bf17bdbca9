"""Links of the documents lead somewhere, and the commands they show exist with their options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from seamline_platform.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [ROOT / name for name in ("README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    + list((ROOT / "docs").rglob("*.md"))
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_IMAGE = re.compile(r'<img[^>]*src="([^"]+)"')
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:\.venv/bin/)?seamline [^`]+)`")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in _HEADING.findall(text)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    for link in [*_LINK.findall(text), *_IMAGE.findall(text)]:
        if link.startswith(("https://", "http://")):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


def commands(page: Path) -> Iterator[list[str]]:
    """Yield the words of each `seamline` command of a page, without its name."""
    text = page.read_text(encoding="utf-8")
    lines = [
        line for block in _SHELL.findall(text) for line in block.replace("\\\n", "").splitlines()
    ]
    for line in [*lines, *_INLINE.findall(_FENCED.sub("", text))]:
        words = shlex.split(line, comments=True)
        while words and re.match(r"[A-Z_]+=", words[0]):
            words = words[1:]
        if words and words[0].removeprefix(".venv/bin/") == "seamline":
            end = next((i for i, word in enumerate(words) if word in ("|", ">", "&", "&&")), None)
            yield words[1:end]


def parse(words: list[str]) -> None:
    """Parse a command line without running it; raises on an unknown command or option."""
    command: Any = typer.main.get_command(app)
    context: Any = None
    words = [word for word in words if word != "..."]
    while True:
        context = type(command).context_class(command, parent=context)
        _, words, _ = command.make_parser(context).parse_args(args=list(words))
        if not hasattr(command, "commands") or not words or words[0] not in command.commands:
            assert not hasattr(command, "commands") or not words, f"no command {words[0]!r}"
            return
        command, words = command.commands[words[0]], words[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist_with_their_options(page: Path) -> None:
    for words in commands(page):
        try:
            parse(words)
        except Exception as exc:
            raise AssertionError(f"{page.name}: seamline {' '.join(words)}: {exc}") from exc


@pytest.mark.parametrize("words", [["demos"], ["demo", "--fast"], ["broker", "user", "make", "x"]])
def test_what_does_not_exist_is_found_out(words: list[str]) -> None:
    with pytest.raises(Exception, match=r"(?i)no (such )?(option|command)"):
        parse(words)


def test_the_pages_show_commands_at_all() -> None:
    assert sum(len(list(commands(page))) for page in PAGES) > 30
