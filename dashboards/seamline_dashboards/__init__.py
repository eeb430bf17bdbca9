"""The page of Seamline: serves the built bundle and the panels that people declare in TOML."""

from seamline_dashboards.pages import page_app
from seamline_dashboards.panels import Panel, panels

__all__ = ["Panel", "page_app", "panels"]
