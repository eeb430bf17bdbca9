"""The field: the process in which the simulated world runs at its pace, and its local field bus."""
