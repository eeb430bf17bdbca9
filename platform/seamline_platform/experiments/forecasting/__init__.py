"""The forecasting benchmark: tasks, windows, metrics, and what a maker would have paid."""
