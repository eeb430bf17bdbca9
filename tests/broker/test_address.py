"""Broker URLs."""

import pytest

from seamline_broker.address import BrokerAddress
from seamline_broker.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://host", BrokerAddress("host", 1883)),
        ("mqtt://host:11883", BrokerAddress("host", 11883)),
        ("tcp://10.0.0.2:1/", BrokerAddress("10.0.0.2", 1)),
        ("host:1884", BrokerAddress("host", 1884)),
        ("mqtt://[::1]:1883", BrokerAddress("::1", 1883)),
        ("mqtt://me:p%40ss@host", BrokerAddress("host", 1883, "me", "p@ss")),
    ],
)
def test_urls_that_are_understood(url: str, expected: BrokerAddress) -> None:
    assert BrokerAddress.parse(url) == expected


@pytest.mark.parametrize(
    "url", ["", "mqtt://", "http://host", "mqtt://host:x", "mqtt://host/path", "mqtt://host:99999"]
)
def test_urls_that_are_not(url: str) -> None:
    with pytest.raises(ConfigError, match="expected mqtt://"):
        BrokerAddress.parse(url)


def test_tls_is_refused_with_words() -> None:
    with pytest.raises(ConfigError, match="TLS is not supported yet"):
        BrokerAddress.parse("mqtts://host")


def test_a_password_is_never_shown() -> None:
    address = BrokerAddress.parse("mqtt://me:secret@host")
    assert "secret" not in f"{address!r} {address}"
    with pytest.raises(ConfigError) as caught:
        BrokerAddress.parse("mqtt://me:secret@host/path")
    assert "secret" not in str(caught.value)


def test_an_address_reads_as_its_url() -> None:
    assert str(BrokerAddress("host", 1)) == "mqtt://host:1"
    assert str(BrokerAddress("::1", 1)) == "mqtt://[::1]:1"
