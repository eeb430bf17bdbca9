"""Local models: each series is forecast from its own past alone."""
