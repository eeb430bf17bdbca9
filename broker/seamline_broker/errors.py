"""The tree of errors that Seamline raises on purpose."""

from typing import Final


class SeamlineError(Exception):
    """Base of every error that Seamline raises: its text is fit to be shown to a user."""


class ContractError(SeamlineError):
    """A topic, message or command does not follow the contract."""


class ConfigError(SeamlineError):
    """A setting, scenario or file has a value that is not allowed."""


class BrokerError(SeamlineError):
    """The broker cannot be started, reached or used."""


class StoreError(SeamlineError):
    """The store cannot be opened, read or written."""


class PluginError(SeamlineError):
    """A plug-in cannot be found, loaded or trusted."""


class ExperimentError(SeamlineError):
    """An experiment cannot be run to its end, or what it gave cannot be compared."""


class DriverError(SeamlineError):
    """A device cannot be read or written."""


UNREADABLE: Final = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""What reading somebody else's document may raise: wrong, missing, endless, nested too deeply."""
