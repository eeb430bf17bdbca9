"""What crosses the wire in Seamline: contracts, codecs, client, embedded broker, clock, errors."""
