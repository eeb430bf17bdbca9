"""Edge of Seamline: field process, gateways, outboxes, drivers and sellers.

Everything but `seamline_edge.field` needs paho-mqtt and the standard library alone.
"""
