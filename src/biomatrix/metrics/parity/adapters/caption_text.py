"""Captions, SMolInstruct's way."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.captions import smolinstruct_caption_scores
from biomatrix.metrics.parity.fixture_files import Fixture, Skipped
from biomatrix.metrics.parity.recorded_tokens import tokenizer_for
from biomatrix.metrics.scores import items_of
from biomatrix.metrics.wordnet import WordNet, load_wordnet

REPOSITORY: Final = "OSU-NLP-Group/LLM4Chem"
METRIC: Final = "Caption metrics BLEU"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the official script prints, the tokens and the METEOR of single answers."""
    references, predictions = fixture.inputs["references"], fixture.inputs["predictions"]
    tokenize, (wordnet, absent) = tokenizer_for(fixture), wordnet_or_reason()
    scores = smolinstruct_caption_scores(references, predictions, tokenize, wordnet)
    names = {"bleu2": "bleu2", "bleu4": "bleu4", "rouge_1": "rouge_1", "rouge_2": "rouge_2", "rouge_l": "rouge_l"}
    raw = {official: scores[ours].value for official, ours in names.items()}
    counts = {"num_all": scores["bleu2"].n, "num_no_answer": scores["bleu2"].empty}
    meteor = absent if wordnet is None else scores["meteor"].value
    singles = [absent] * len(predictions) if wordnet is None else items_of(scores["meteor"]).tolist()
    rows = [
        None
        if not (answer or "").strip()
        else {"pred_tokens": tokenize(answer.strip()), "ref_tokens": tokenize(reference.strip()), "meteor": single}
        for answer, reference, single in zip(predictions, references, singles, strict=True)
    ]
    return {"raw": {**counts, **raw, "meteor_score": meteor}, "per_item": rows}


def wordnet_or_reason() -> tuple[WordNet | None, Skipped | None]:
    """Return WordNet, or why METEOR is skipped."""
    try:
        return load_wordnet(), None
    except ConfigurationError as error:
        return None, Skipped(str(error))
