"""Re-planning: the state of a plan that is carried out, repair at once, improvement, acceptance."""
