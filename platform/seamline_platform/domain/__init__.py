"""Values that the parts of the platform share."""
