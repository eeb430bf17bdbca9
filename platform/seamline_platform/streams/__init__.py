"""Streams: KPIs over windows of event time, as they happen."""

from seamline_platform.streams.kpis import KpiRow, Kpis, KpiTile
from seamline_platform.streams.sums import KPIS

__all__ = ["KPIS", "KpiRow", "KpiTile", "Kpis"]
