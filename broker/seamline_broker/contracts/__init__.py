"""Topics, messages, events, commands, the view that policies decide on: standard library only."""
