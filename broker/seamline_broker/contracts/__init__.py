"""Topics, messages, events, commands and the view that policies decide on: standard library only."""
