"""An explanation of an order's place in a plan, for people and for programs."""

from dataclasses import dataclass
from typing import Literal

from seamline_platform.planning.shop.chain import Kind
from seamline_platform.planning.shop.levers import Lever
from seamline_platform.planning.shop.schedule import Row

Topic = Literal["where", "when", "earlier", "displaced", "late"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in English and Chinese."""

    topic: Topic
    text: str
    text_zh: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The best place of the order on another line: what that costs it and the plan.

    `position` counts from 0; `later` are ticks, `dearer` cost (both below 0: better).
    """

    line: str
    position: int
    done: int
    later: int
    dearer: int


@dataclass(frozen=True, slots=True)
class Link:
    """A step of the chain that leads to the order; see `chain.Step`."""

    kind: Kind
    order: str
    line: str
    start: int
    end: int
    closed: int


@dataclass(frozen=True, slots=True)
class Displaced:
    """An order that would be done `by` ticks earlier without the other one."""

    order: str
    by: int


@dataclass(frozen=True)
class Explanation:
    """Answers about one order, for people and for programs; times in ticks of the problem.

    `row` is None if the order has no place; then there is nothing but the reason.
    """

    order: str
    row: Row | None
    position: int = 0
    queue: int = 0
    """Orders on its line."""
    follows: str = ""
    """The order before it on its line; empty: it is the first."""
    elsewhere: tuple[Elsewhere, ...] = ()
    """By line, the cheapest for the plan first."""
    chain: tuple[Link, ...] = ()
    """From its root to the end of the order."""
    levers: tuple[Lever, ...] = ()
    displaces: tuple[Displaced, ...] = ()
    burden: int = 0
    """What the plan would cost less without it, besides its own lateness."""
    displaced_by: tuple[Displaced, ...] = ()
    sentences: tuple[Sentence, ...] = ()

    def say(self, topic: Topic) -> tuple[Sentence, ...]:
        """Return the sentences about `topic`."""
        return tuple(s for s in self.sentences if s.topic == topic)
