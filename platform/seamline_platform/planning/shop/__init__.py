"""The shop: orders, lines and stages as a scheduling problem, its decoder, its checker."""
