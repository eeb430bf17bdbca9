"""The dispatch hub: which plant and line sews what and when, what to replenish, and why."""
