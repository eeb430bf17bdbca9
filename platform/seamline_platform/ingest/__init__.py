"""Ingest: from MQTT messages to committed rows, and to whoever in the platform wants to know."""

from seamline_platform.ingest.counters import Counters
from seamline_platform.ingest.handlers import Handlers
from seamline_platform.ingest.pipeline import Pipeline
from seamline_platform.ingest.service import Ingest, IngestSettings
from seamline_platform.ingest.watermark import Watermarks

__all__ = ["Counters", "Handlers", "Ingest", "IngestSettings", "Pipeline", "Watermarks"]
