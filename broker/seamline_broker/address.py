"""Where a broker is: `mqtt://[user:password@]host[:port]`."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from seamline_broker.errors import ConfigError

DEFAULT_MQTT_PORT = 1883


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Host and port of a broker and, if its URL held them, one login for every part."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> "BrokerAddress":
        """Read a broker URL.

        Raises:
            ConfigError: if it is not of the form `mqtt://[user:password@]host[:port]`.
        """
        rule = "expected mqtt://[user:password@]host[:port], e.g. mqtt://192.168.1.5:1883"
        shown = url.rpartition("@")[2]  # an error must not repeat a password
        try:
            parts = urlsplit(url if "//" in url else f"mqtt://{url}")
            port = parts.port
        except ValueError as exc:
            raise ConfigError(f"Broker URL {shown!r}: {exc}; {rule}.") from exc
        if parts.scheme == "mqtts":
            raise ConfigError(f"Broker URL {shown!r}: TLS is not supported yet; {rule}.")
        extra = parts.path not in ("", "/") or parts.query or parts.fragment
        if parts.scheme not in ("mqtt", "tcp") or not parts.hostname or extra:
            raise ConfigError(f"Broker URL {shown!r} is not understood; {rule}.")
        return cls(
            parts.hostname,
            DEFAULT_MQTT_PORT if port is None else port,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
        )

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt://{host}:{self.port}"
