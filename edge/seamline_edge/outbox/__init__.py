"""The outbox: what a gateway accepts is on disk, numbered, until the platform has it for good."""

from seamline_edge.outbox.box import Outbox
from seamline_edge.outbox.collector import Block, Collector, Cut
from seamline_edge.outbox.file import OutboxFile
from seamline_edge.outbox.sender import AckOutcome, Sender, SendState

__all__ = ["AckOutcome", "Block", "Collector", "Cut", "Outbox", "OutboxFile", "SendState", "Sender"]
