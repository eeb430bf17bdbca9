"""The cutting room: cut order planning, markers, and kits that come when their line starts."""
