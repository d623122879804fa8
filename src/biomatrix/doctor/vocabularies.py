"""The model's vocabulary: does it agree with the structure tokenizers, the weights and stock Transformers?"""

from __future__ import annotations

from collections.abc import Iterator

from biomatrix.doctor.finding import Finding
from biomatrix.entities import Entity, kind, modality
from biomatrix.errors import BioMatrixError, VocabularyError
from biomatrix.generation import Model, load
from biomatrix.vocabulary import Vocabulary

_AREA = "vocabulary"


def examine_vocabulary(name: str) -> Iterator[Finding]:
    """Yield what the model's vocabulary holds, and whether it agrees with tokenizers, weights and Transformers."""
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
    """Encode a bundled entity to ids and back; a vocabulary whose structure tokenizer differs refuses."""
    try:
        sample = _encoded_sample(vocabulary, name)
        if sample is None:
            return Finding(_AREA, name, "warning", "there is no bundled entity to try it with")
        entity, ids = sample
        values = vocabulary.decode(ids)
    except BioMatrixError as error:
        if _is_uncovered(error):
            return Finding(_AREA, name, "warning", f"none of the bundled samples can be written: {error.message}")
        return Finding(_AREA, name, "failed", str(error))
    sound = len(values) == 1 and getattr(values[0], "kind", None) == entity.kind
    return Finding(_AREA, name, "ok" if sound else "failed", f"{len(ids):,} ids there and back")


def _examine_stock(vocabulary: Vocabulary, name: str) -> Finding:
    """Compare the ids of every modality with what the stock tokenizer makes of the same text."""
    subject = f"{name}: Transformers"
    differing, same = [], 0
    for one in vocabulary.modalities:
        try:
            sample = _encoded_sample(vocabulary, one)
        except BioMatrixError as error:
            if _is_uncovered(error):
                continue
            return Finding(_AREA, subject, "failed", str(error))
        if sample is None:
            continue
        text = "".join(vocabulary.tokenizer.convert_ids_to_tokens(sample[1]))
        if list(vocabulary.tokenizer(text, add_special_tokens=False)["input_ids"]) == sample[1]:
            same += 1
        else:
            differing.append(one)
    if differing:
        return Finding(_AREA, subject, "failed", f"the stock tokenizer gives other ids in {', '.join(differing)}")
    return Finding(_AREA, subject, "ok", f"the stock tokenizer gives the same ids in {same} modalities")


def _is_uncovered(error: BioMatrixError) -> bool:
    """Return whether a vocabulary lacks a token, as one made of a corpus without such records may."""
    return isinstance(error, VocabularyError) and error.position is not None  # the place of the token in the entity


def _encoded_sample(vocabulary: Vocabulary, name: str) -> tuple[Entity, list[int]] | None:
    """Return the first sample of a modality's kind that the vocabulary has the tokens for, and its ids.

    None where the kind has no sample for the modality. One sample that can be encoded is enough.

    Raises
    ------
    BioMatrixError
        No sample can be encoded; the error is that of the first.
    """
    one, first = modality(name), None
    for sample in kind(one.kind).samples():
        if not one.accepts(sample.entity):
            continue
        try:
            return sample.entity, list(vocabulary.encode_entity(sample.entity, name))
        except BioMatrixError as error:
            first = first or error
    if first is not None:
        raise first
    return None
