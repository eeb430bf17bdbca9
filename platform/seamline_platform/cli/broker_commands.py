"""`seamline broker`: run the embedded broker alone, add users, write Mosquitto's settings."""

import fcntl
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seamline_broker.errors import BrokerError, ConfigError
from seamline_platform.cli.words import JsonOption, RunDirOption, note, print_json, print_table

if TYPE_CHECKING:
    from seamline_broker.users import BrokerUser, Secrets
    from seamline_platform.cli.rundir import RunDir

app = typer.Typer(help="Run the embedded MQTT broker alone; its users; settings for Mosquitto.")
user_app = typer.Typer(help="Users of the broker.", no_args_is_help=True)
app.add_typer(user_app, name="user")

ScenarioOption = Annotated[str, typer.Option(help="Scenario whose nodes get users.")]


def _run_dir(path: Path | None) -> "RunDir":
    from seamline_platform.cli.rundir import RunDir
    from seamline_platform.settings import load_settings

    found = RunDir(load_settings(None, {"run_dir": path}).settings.run_dir)
    found.make()
    return found


@contextmanager
def changing_secrets(run_dir: "RunDir") -> "Iterator[Secrets]":
    """Open the secrets for a change that no other process makes at the same time."""
    with (run_dir.path / "secrets.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield run_dir.secrets()


def _apply(run_dir: "RunDir", secrets: "Secrets") -> bool:
    """Let a running embedded broker take the users over; False if none runs here."""
    from seamline_broker.embedded import open_running

    broker = open_running(secrets, run_dir.path / "broker")
    if broker is None:
        return False
    broker.reload()
    return True


def _topic_of(user: "BrokerUser") -> str:
    from seamline_broker.users import access_of

    access = access_of(user)
    return ", ".join(
        (*(f"write {t}" for t in access.publish), *(f"read {t}" for t in access.subscribe))
    )


@app.callback(invoke_without_command=True)
def broker(
    context: typer.Context,
    port: Annotated[int, typer.Option("--mqtt-port", help="MQTT port.")] = 11883,
    listen: Annotated[
        bool, typer.Option("--listen", help="Open the broker to the local network.")
    ] = False,
    scenario: ScenarioOption = "demo",
    run_dir: RunDirOption = None,
) -> None:
    """Run the embedded broker alone, until Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    from seamline_broker.embedded import EmbeddedBroker
    from seamline_platform.cli.plan import ensure_users, plan_of
    from seamline_platform.cli.ports import check_port

    directory = _run_dir(run_dir)
    check_port(port, "MQTT broker", "--mqtt-port")
    with changing_secrets(directory) as secrets:
        ensure_users(secrets, plan_of(scenario))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    server = EmbeddedBroker(
        secrets,
        directory.path / "broker",
        host="0.0.0.0" if listen else "127.0.0.1",
        port=port,
        log_file=directory.log("broker"),
    )
    with server:
        note(f"Broker runs at mqtt://{server.connect_host}:{port} (MQTT 3.1.1). Ctrl-C stops it.")
        if listen:
            note("WARNING: open to your network, with passwords but without encryption.")
        while not ended.wait(0.5):
            if server.pid is None:
                raise BrokerError(f"The broker has ended: {server.last_log_lines()}")


@user_app.command("add")
def user_add(
    name: Annotated[
        str,
        typer.Argument(help="Login, and the cell that it may write to; SITE/NODE with --gateway."),
    ],
    reader: Annotated[
        bool,
        typer.Option(
            "--reader", help="A user who only reads the Unified Namespace (MQTT Explorer)."
        ),
    ] = False,
    gateway: Annotated[
        bool,
        typer.Option(
            "--gateway", help="A gateway of your own (numbered batches, commands) for SITE/NODE."
        ),
    ] = False,
    as_json: JsonOption = False,
    run_dir: RunDirOption = None,
) -> None:
    """Make a user for a device of your own, confined to the cell that bears its name.

    It works at once, also while the demo runs; nobody else is cut.
    """
    if reader and gateway:
        raise ConfigError("A user is either a --reader or a --gateway.")
    directory = _run_dir(run_dir)
    with changing_secrets(directory) as secrets:
        add = secrets.add_reader if reader else secrets.add_gateway if gateway else secrets.add_raw
        user = add(name)
        applied = _apply(directory, secrets)
    if as_json:
        document = {"user": user.name, "password": user.password, "may": _topic_of(user)}
        print_json({**document, "applied": applied})
        return
    sys.stdout.write(
        f"user      {user.name}\npassword  {user.password}\nmay       {_topic_of(user)}\n"
    )
    if not applied:
        note("The broker does not run now; the user works from its next start on.")


@user_app.command("list")
def user_list(as_json: JsonOption = False, run_dir: RunDirOption = None) -> None:
    """List users and what they may do; passwords stay in secrets.json."""
    users = _run_dir(run_dir).secrets().users()
    if as_json:
        print_json(
            {"users": [{"user": u.name, "role": u.role, "may": _topic_of(u)} for u in users]}
        )
        return
    print_table(("user", "role", "may"), ((u.name, u.role, _topic_of(u)) for u in users))


@user_app.command("remove")
def user_remove(name: str, run_dir: RunDirOption = None) -> None:
    """Remove a user that was added; its connection is cut at once."""
    directory = _run_dir(run_dir)
    with changing_secrets(directory) as secrets:
        secrets.remove(name)
        _apply(directory, secrets)
    note(f"User {name} is removed.")


@app.command("mosquitto-conf")
def mosquitto_conf(
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the three files here instead of printing.")
    ] = None,
    port: Annotated[int, typer.Option("--mqtt-port", help="Port for Mosquitto.")] = 1883,
    listen: Annotated[bool, typer.Option("--listen", help="Listen to the whole network.")] = False,
    scenario: ScenarioOption = "demo",
    run_dir: RunDirOption = None,
) -> None:
    """Write settings for Mosquitto with the same users; it also accepts MQTT 5."""
    from seamline_broker.mosquitto import ACL_NAME, CONF_NAME, PASSWORDS_NAME, mosquitto_files
    from seamline_platform.cli.plan import ensure_users, plan_of

    directory = _run_dir(run_dir)
    with changing_secrets(directory) as secrets:
        ensure_users(secrets, plan_of(scenario))
    target = out or Path("mosquitto")
    files = mosquitto_files(secrets.users(), target, "0.0.0.0" if listen else "127.0.0.1", port)
    start = f"mosquitto -c {target.absolute() / CONF_NAME}"
    use = f"seamline demo --broker mqtt://127.0.0.1:{port} --broker-users"
    if out is not None:
        files.write(out)
        note(f"Written to {out.absolute()}. Start Mosquitto:  {start}\nThen:  {use}")
        return
    for name, text in (
        (CONF_NAME, files.conf),
        (ACL_NAME, files.acl),
        (PASSWORDS_NAME, files.passwords),
    ):
        sys.stdout.write(f"# ---- {target.absolute() / name}\n{text}\n")
    note(
        f"Put the three files into {target.absolute()} (or let '--out {target}' do it). "
        f"Passwords are hashed already; one of your own: mosquitto_passwd -b {PASSWORDS_NAME} "
        f"NAME PASSWORD. Start:  {start}\nThen:  {use}"
    )
