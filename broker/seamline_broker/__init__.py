"""What crosses the wire in Seamline: contracts, codecs, MQTT client, embedded broker, clock, errors."""
