"""Line balancing: who does which operation, on hanger lines and on bundle lines."""
