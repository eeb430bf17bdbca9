"""Evidence: what runs of a season show, by rules that are stated before they are run."""

from seamline_platform.experiments.evidence.document import document
from seamline_platform.experiments.evidence.study import Options, Study, conduct

__all__ = ["Options", "Study", "conduct", "document"]
