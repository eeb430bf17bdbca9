"""What the stand-in's maker is made of."""

DAY = 86_400_000
START = 1_767_693_600_000  # a Tuesday, 10:00 UTC
SITES = {"hangzhou": "east", "suzhou": "east", "dongguan": "south", "chengdu": "west"}
STYLES = ["TS01", "TS04", "PL02", "SH03", "HD01", "TS07"]
COLOURS = ["WHT", "BLK", "NVY"]
MACHINES = ["SNL", "OL", "FL", "BT", "BH", "MNL"]
STATIONS = 21
KPIS = {
    "oee": ("1", 0.71, True), "availability": ("1", 0.93, True), "performance": ("1", 0.79, True),
    "quality_ratio": ("1", 0.972, True), "line_efficiency": ("1", 0.68, False),
    "throughput_per_h": ("1/h", 412.0, True), "wip": ("pieces", 1630.0, True),
    "lead_time_h": ("h", 41.2, False), "on_time_delivery": ("1", 0.91, False),
    "energy_per_piece_kwh": ("kWh", 0.143, True),
}  # fmt: skip
METRICS = {
    "current_a": "A", "vibration_mm_s": "mm/s", "temperature_c": "degC", "rpm": "1/min",
}  # fmt: skip
BASES = {"current_a": 2.1, "vibration_mm_s": 1.8, "temperature_c": 38.0, "rpm": 3900.0}
STATES = ["run"] * 15 + ["idle", "starved", "starved", "blocked", "idle", "run"]
ORDER_STATES = ["received", "cutting", "in_transit", "queued", "sewing", "sewing", "packed",
                "delivered", "delivered"]  # fmt: skip
