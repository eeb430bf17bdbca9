"""What ingest counts; read by `/metrics.json`."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Plain counts since the start of the process."""

    messages: int = 0
    """Messages that came in, of every kind."""
    batches: int = 0
    """Numbered batches taken."""
    duplicates: int = 0
    """Numbered batches that were here already."""
    ahead: int = 0
    """Numbered batches dropped because one before them was missing; they are sent again."""
    gaps: int = 0
    """Numbers that senders no longer hold."""
    resume_asked: int = 0
    """Acknowledgements that asked a node to send again."""
    acks: int = 0
    readings: int = 0
    """Samples decoded: numbered and raw."""
    events: int = 0
    raw_messages: int = 0
    orders: int = 0
    repeated_orders: int = 0
    results: int = 0
    retained_known: int = 0
    """Retained raw messages whose value is stored already."""
    rows_stored: int = 0
    """Readings and events committed."""
    rejected: int = 0
    """Messages or parts of messages that broke a rule."""
    rejected_not_kept: int = 0
    """... of which no row was written, because there were too many in one second."""
    turned_away: int = 0
    """Messages not taken because the queue was full; numbered ones are sent again."""
    handler_errors: int = 0
    queue_messages: int = 0
    queue_bytes: int = 0
    queue_max_messages: int = 0
    last_message_wall_ms: int = 0
