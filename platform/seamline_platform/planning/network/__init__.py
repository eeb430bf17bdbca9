"""Promise and dispatch: which order goes to which region, plant and day, and at what price."""
