"""Embedding: is the explanation nearer in meaning to texts in which the feature fires?"""

from __future__ import annotations

from collections.abc import Sequence

from memicos_app.library.autointerp.figures import Figure, auc
from memicos_app.library.autointerp.scorers.interface import Scorer, Work
from memicos_app.library.autointerp.scoring import Judged
from memicos_app.library.token_text import readable


class Embedding(Scorer):
    """Cosines of vectors; no language model is asked."""

    name = "eleuther_embedding"
    title = "Embedding"
    description = (
        "The explanation and each text as vectors of an embedder. The value is the chance that a text in which the "
        "feature fires is nearer to the explanation than one in which it does not (area under the ROC curve): 1 is "
        "perfect, 0.5 is chance. No language model is asked; it costs nothing with the embedder that comes along."
    )
    asks = False
    per_kind = 20

    @property
    def prompt(self) -> None:
        """Nobody is asked."""

    async def judge(self, work: Work) -> list[Judged]:
        """The similarity of each text to the explanation. Raises `EmbedderError` where there are no vectors."""
        assert work.embedder is not None, "a scorer that compares vectors is given an embedder"
        contexts = (*work.sample.firing, *work.sample.silent)
        texts = [work.explanation, *("".join(readable(one.tokens)) for one in contexts)]
        vectors = await work.embedder.embed(texts)  # [1 + n, dimensions]
        cosines = (vectors[1:] @ vectors[0]).tolist()
        return [Judged(one, similarity=round(cosine, 6)) for one, cosine in zip(contexts, cosines, strict=True)]

    def figure(self, judged: Sequence[Judged]) -> Figure:
        """The area."""
        firing = [one.similarity or 0.0 for one in judged if one.context.fires]
        return auc(firing, [one.similarity or 0.0 for one in judged if not one.context.fires])
