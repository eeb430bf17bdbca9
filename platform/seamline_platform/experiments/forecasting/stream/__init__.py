"""The streaming benchmark: models hear orders over MQTT alone, and answer before a deadline."""
