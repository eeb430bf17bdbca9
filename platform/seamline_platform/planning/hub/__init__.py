"""The hub between the live plants and the search: the floor as a problem, a plan to follow.

`live.py` writes the present floor in the language of `planning.shop`; `follow.py` lets the dispatch
policy carry out a plan that was accepted; `bars.py` gives plans back in plant time.
"""
