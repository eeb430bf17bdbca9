"""REST and websocket: everything that the page, a notebook or another program may ask for."""
