"""Streams: KPIs over windows of event time, as they happen."""
