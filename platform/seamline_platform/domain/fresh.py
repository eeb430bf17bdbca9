"""Leaves out events that were taken before, so that a rebuild and a resend may overlap."""

from bisect import bisect_right
from typing import cast

from seamline_broker.contracts.events import Columns
from seamline_platform.domain.batches import DecodedBatch


class FreshEvents:
    """Remembers the highest `seq` taken of each node and kind; both ascend within a node."""

    def __init__(self) -> None:
        self.duplicates = 0
        """Events left out."""
        self._taken: dict[tuple[str, str, str], int] = {}

    def take(self, batch: DecodedBatch) -> dict[str, Columns]:
        """Return the events of a batch that are new, by kind; kinds without any are left out."""
        fresh: dict[str, Columns] = {}
        for kind, columns in batch.events.items():
            seqs = cast("list[int]", columns["seq"])
            if not seqs:
                continue
            key = (batch.site, batch.node, kind)
            have = self._taken.get(key, 0)
            if seqs[0] > have:
                fresh[kind] = columns
            else:
                first = bisect_right(seqs, have)
                self.duplicates += first
                if first == len(seqs):
                    continue
                fresh[kind] = {name: column[first:] for name, column in columns.items()}
            self._taken[key] = seqs[-1]
        return fresh
