"""Sellers: MQTT clients of their own that place the orders which the market lets them decide on."""
