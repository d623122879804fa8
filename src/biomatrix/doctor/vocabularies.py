"""The model's vocabulary: does it agree with the tokenizers, with the weights and with stock Transformers?"""

from __future__ import annotations

from collections.abc import Iterator

from biomatrix.doctor.finding import Finding
from biomatrix.entities import Entity, kind, modality
from biomatrix.errors import BioMatrixError
from biomatrix.generation import Model, load
from biomatrix.vocabulary import Vocabulary

_AREA = "vocabulary"


def examine_vocabulary(name: str) -> Iterator[Finding]:
    """Yield what the named model's vocabulary holds and whether it agrees with everything it meets."""
    model = load(name)
    vocabulary = model.vocabulary
    yield Finding(_AREA, name, "ok", f"{len(vocabulary):,} tokens; modalities: {', '.join(vocabulary.modalities)}")
    yield _examine_rows(model, name)
    for one in vocabulary.modalities:
        yield _examine_modality(vocabulary, one)
    yield _examine_stock(vocabulary, name)


def _examine_rows(model: Model, name: str) -> Finding:
    rows, tokens = model.num_embeddings, len(model.vocabulary)
    detail = f"{rows:,} embedding rows for {tokens:,} tokens"
    return Finding(_AREA, f"{name}: embedding", "ok" if rows >= tokens else "failed", detail)


def _examine_modality(vocabulary: Vocabulary, name: str) -> Finding:
    """Encode a bundled entity to ids and back; a vocabulary whose tokenizer differs refuses here."""
    entity = _sample(name)
    if entity is None:
        return Finding(_AREA, name, "warning", "no entity comes with the dependencies to try it with")
    try:
        ids = vocabulary.encode_entity(entity, name)
        values = vocabulary.decode(ids)
    except BioMatrixError as error:
        return Finding(_AREA, name, "failed", str(error))
    sound = len(values) == 1 and getattr(values[0], "kind", None) == entity.kind
    return Finding(_AREA, name, "ok" if sound else "failed", f"{len(ids):,} ids there and back")


def _examine_stock(vocabulary: Vocabulary, name: str) -> Finding:
    """Compare the ids of every modality with what the stock tokenizer makes of the same text."""
    subject = f"{name}: Transformers"
    tried, differing = [], []
    for one in vocabulary.modalities:
        entity = _sample(one)
        if entity is None:
            continue
        try:
            ids = list(vocabulary.encode_entity(entity, one))
        except BioMatrixError as error:
            return Finding(_AREA, subject, "failed", str(error))
        text = "".join(vocabulary.tokenizer.convert_ids_to_tokens(ids))
        tried.append(one)
        if list(vocabulary.tokenizer(text, add_special_tokens=False)["input_ids"]) != ids:
            differing.append(one)
    if differing:
        return Finding(_AREA, subject, "failed", f"the stock tokenizer gives other ids in {', '.join(differing)}")
    if not tried:
        return Finding(_AREA, subject, "warning", "no entity comes with the dependencies to try it with")
    return Finding(_AREA, subject, "ok", f"the stock tokenizer gives the same ids in {len(tried)} modalities")


def _sample(name: str) -> Entity | None:
    """Return the first sample of its kind that a modality accepts."""
    one = modality(name)
    return next((sample.entity for sample in kind(one.kind).samples() if one.accepts(sample.entity)), None)
