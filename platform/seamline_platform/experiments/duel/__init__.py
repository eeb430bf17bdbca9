"""The duel: two makers on one market, day by day, watched while it runs."""
