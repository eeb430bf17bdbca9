"""Users: who may do what, and how their passwords are kept."""

import json
import stat
from pathlib import Path

import pytest

from seamline_broker.errors import BrokerError, ConfigError
from seamline_broker.natsconf import broker_config, subjects
from seamline_broker.users import (
    Access,
    BrokerUser,
    Secrets,
    access_of,
    check_raw_name,
    passwords,
    user_of_node,
    write_private,
)


def test_secrets_are_made_once_private_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "run" / "secrets.json"
    made = Secrets.open(path)
    made.ensure("hangzhou.line-1", "node", "hangzhou/line-1")
    made.save()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = Secrets.open(path)
    assert again.client_prefix == made.client_prefix
    assert again.supervisor_password == made.supervisor_password
    assert again.users() == made.users()
    assert passwords(again.users()) == passwords(made.users())


def test_every_password_is_different_and_long(tmp_path: Path) -> None:
    secrets = Secrets.open(tmp_path / "s.json")
    for number in range(50):
        secrets.ensure(f"n{number}", "seller")
    found = {user.password for user in secrets.users()}
    assert len(found) == 50
    assert all(len(password) >= 16 for password in found)


def test_the_same_user_asked_for_twice_keeps_the_password(tmp_path: Path) -> None:
    secrets = Secrets.open(tmp_path / "s.json")
    assert secrets.ensure("a", "seller") is secrets.ensure("a", "seller")
    with pytest.raises(ConfigError, match="exists with the role 'seller', not 'raw'"):
        secrets.ensure("a", "raw")


@pytest.mark.parametrize("name", ["pi-7", "缝机-1", "a", "Room_12", "7"])
def test_names_that_a_person_may_choose(name: str) -> None:
    assert check_raw_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "-x", "_x", "a b", "a/b", "a.b", "a+", "#", "*", ">", "platform", "x" * 33, 'a"b']
)
def test_names_that_nobody_may_choose(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not allowed: 1 to 32 letters"):
        Secrets.open(tmp_path / "s.json").add_raw(name)


def test_a_name_is_given_once_and_parts_cannot_be_removed(tmp_path: Path) -> None:
    secrets = Secrets.open(tmp_path / "s.json")
    secrets.ensure("seller-1", "seller")
    secrets.add_raw("pi-7")
    secrets.add_reader("explorer")
    with pytest.raises(ConfigError, match="'pi-7' exists already"):
        secrets.add_raw("pi-7")
    with pytest.raises(ConfigError, match=r"'seller-1' cannot be removed; removable: \['pi-7'"):
        secrets.remove("seller-1")
    secrets.remove("pi-7")
    assert Secrets.open(secrets.path).get("pi-7") is None


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"users": [{"name": "a", "password": "b", "role": "king", "node": ""}]}']
)
def test_a_broken_secrets_file_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"secrets.json is not readable .*move it away"):
        Secrets.open(path)


def test_a_role_that_does_not_exist_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    user = {"name": "a", "password": "b", "role": "king", "node": ""}
    path.write_text(json.dumps({"client_prefix": "x", "supervisor": "y", "users": [user]}))
    with pytest.raises(ConfigError, match="role 'king'; allowed: platform, node"):
        Secrets.open(path)


def test_a_directory_in_the_way_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").mkdir()
    with pytest.raises(BrokerError, match="cannot be read: Is a directory"):
        Secrets.open(tmp_path / "secrets.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(BrokerError, match="cannot be written"):
        write_private(tmp_path / "file" / "below", "x")


def test_rewriting_a_public_file_makes_it_private(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_the_fields_node_alone_gives_the_time() -> None:
    def may_give_time(node: str) -> bool:
        user = BrokerUser(user_of_node(node), "x", "node", node)
        return "seamline/v1/run/clock" in access_of(user).publish

    assert may_give_time("field/field")
    assert not may_give_time("hangzhou/line-1")
    assert not may_give_time("east/warehouse")


def test_a_reader_reads_the_namespace_and_writes_nothing() -> None:
    access = access_of(BrokerUser("explorer", "x", "reader"))
    assert access == Access((), ("seamline/v1/uns/#", "seamline/v1/run/#", "seamline/v1/plan/#"))


@pytest.mark.parametrize(
    ("topic_filter", "expected"),
    [
        ("a/b", ("a.b",)),
        ("a/+/b", ("a.*.b",)),
        ("a/b/#", ("a.b", "a.b.>")),
        ("a/b.c/#", ("a.b//c", "a.b//c.>")),
    ],
)
def test_filters_become_subjects(topic_filter: str, expected: tuple[str, ...]) -> None:
    assert subjects(topic_filter) == expected


@pytest.mark.parametrize("topic_filter", ["a/*/b", "a/>"])
def test_signs_that_are_wildcards_in_nats_are_refused(topic_filter: str) -> None:
    with pytest.raises(ConfigError, match="forbids"):
        subjects(topic_filter)


def test_an_empty_permission_is_written_as_a_denial(tmp_path: Path) -> None:
    secrets = Secrets.open(tmp_path / "s.json")
    secrets.add_raw("pi-7")
    text = broker_config(secrets, tmp_path, tmp_path / "log", "127.0.0.1", 1883)
    assert 'subscribe: { deny: ">" }' in text
    assert "[]" not in text


def test_a_gateway_of_your_own_speaks_for_its_node_alone_and_can_be_removed(
    tmp_path: Path,
) -> None:
    secrets = Secrets.open(tmp_path / "s.json")
    user = secrets.add_gateway("lab/pi-7")
    assert (user.name, user.node) == ("lab.pi-7", "lab/pi-7")
    access = access_of(user)
    assert set(access.publish) == {
        f"seamline/v1/{kind}/lab/pi-7" for kind in ("data", "node", "result")
    }
    assert "seamline/v1/cmd/lab/pi-7" in access.subscribe
    assert Secrets.open(secrets.path).users() == secrets.users()
    with pytest.raises(ConfigError, match="exists already"):
        secrets.add_gateway("lab/pi-7")
    secrets.remove("lab.pi-7")
    assert secrets.users() == []


@pytest.mark.parametrize("name", ["pi-7", "lab/", "/pi", "lab/a/b", "lab/a.b", "lab/*", "a b/c"])
def test_a_gateway_needs_a_site_and_a_node(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"SITE/NODE|not allowed"):
        Secrets.open(tmp_path / "s.json").add_gateway(name)


def test_a_gateway_of_your_own_never_gives_the_time_of_the_run(tmp_path: Path) -> None:
    user = Secrets.open(tmp_path / "s.json").add_gateway("lab/field")
    assert not [topic for topic in access_of(user).publish if "run" in topic]
