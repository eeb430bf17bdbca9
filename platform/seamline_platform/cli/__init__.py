"""The command line: the only place that knows all parts, and starts them as processes."""
