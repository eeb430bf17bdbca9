"""A gateway: takes readings and events from a driver, sends them numbered, carries out commands."""

from seamline_edge.gateway.config import GatewayConfig, NodeLogin
from seamline_edge.gateway.service import Gateway

__all__ = ["Gateway", "GatewayConfig", "NodeLogin"]
