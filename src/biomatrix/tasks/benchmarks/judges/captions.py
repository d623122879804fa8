"""Judges of captions: the values of SMolInstruct under their own names, those of MolT5 as ``molt5_NAME``.

BLEU and METEOR count SciBERT's WordPieces, METEOR with WordNet's synonyms. Where that vocabulary is absent they count
words and are called ``NAME_words``: no official values. Where WordNet is absent there is no METEOR.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.captions import molt5_caption_scores, smolinstruct_caption_scores
from biomatrix.metrics.scores import Scores
from biomatrix.metrics.wordnet import WordNet, load_wordnet
from biomatrix.metrics.wordpieces import Tokenize, load_wordpieces
from biomatrix.tasks.benchmarks.examples import Example, Prediction

_WORD: Final = re.compile(r"\w+|[^\w\s]")
_OF_PIECES: Final = ("bleu", "meteor")


def _resources() -> object:
    return load_wordpieces(), load_wordnet()


REQUIREMENTS: Final[Mapping[str, Callable[[], object]]] = {"meteor": _resources}
"""What a metric needs: raises ConfigurationError where it is absent."""


def captions(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return BLEU, ROUGE and METEOR of captions; of several references that of the row counts."""
    references = [example.references[0] for example in examples]
    answers = [prediction.stated for prediction in predictions]
    tokenize, suffix = _tokenizer()
    wordnet = _wordnet()
    scores = smolinstruct_caption_scores(references, answers, tokenize, wordnet)
    molt5 = molt5_caption_scores(references, answers, tokenize, wordnet)
    both = {**scores, **{f"molt5_{name}": score for name, score in molt5.items()}}
    return {name + (suffix if any(each in name for each in _OF_PIECES) else ""): one for name, one in both.items()}


def _tokenizer() -> tuple[Tokenize, str]:
    try:
        return load_wordpieces(), ""
    except ConfigurationError:
        return (lambda text: _WORD.findall(text.lower())), "_words"


def _wordnet() -> WordNet | None:
    try:
        return load_wordnet()
    except ConfigurationError:
        return None
