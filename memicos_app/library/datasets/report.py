"""What an import did, and every line that it could not use as it was."""

from __future__ import annotations

from dataclasses import dataclass, field

from memicos_app.library.datasets.reading import Problems
from memicos_app.library.datasets.verdict import Verdict


@dataclass(slots=True)
class ImportReport:
    """One import; counts are of the generation that readers see after it."""

    model_id: str
    source_id: str
    n_features: int = 0
    n_examples: int = 0
    n_sequences: int = 0
    n_explanations: int = 0
    n_files: int = 0
    """Files brought in by this call."""
    n_kept: int = 0
    """Files that an earlier attempt had brought in."""
    unchanged: bool = False
    """Everything was here already."""
    seconds: float = 0.0
    problems: Problems = field(default_factory=Problems)
    verdict: Verdict = field(default_factory=Verdict)

    def judge(self, verdict: Verdict, n_sequences: int) -> None:
        """Take over what the database holds now."""
        self.verdict = verdict
        self.n_features = verdict.counts["features"]
        self.n_examples = verdict.counts["examples"]
        self.n_explanations = verdict.counts["explanations"]
        self.n_sequences = n_sequences
