"""The model's vocabulary: does it agree with the tokenizers, with the weights and with stock Transformers?"""

from __future__ import annotations

from collections.abc import Iterator

from biomatrix.doctor.finding import Finding
from biomatrix.entities import modality
from biomatrix.entities.molecule.examples import bundled_component
from biomatrix.entities.protein.examples import bundled_protein
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
    candidates = (bundled_component("CFF"), bundled_protein())
    entity = next(entity for entity in candidates if modality(name).accepts(entity))
    try:
        ids = vocabulary.encode_entity(entity, name)
        values = vocabulary.decode(ids)
    except BioMatrixError as error:
        return Finding(_AREA, name, "failed", str(error))
    sound = len(values) == 1 and getattr(values[0], "kind", None) == entity.kind
    return Finding(_AREA, name, "ok" if sound else "failed", f"{len(ids):,} ids there and back")


def _examine_stock(vocabulary: Vocabulary, name: str) -> Finding:
    """Compare direct ids with what the stock tokenizer makes of the same text."""
    tokens = modality("protein_sequence").encode(bundled_protein())
    one = modality("protein_sequence")
    text = f"{one.start_token}{''.join(tokens)}{one.end_token}"
    stock = vocabulary.tokenizer(text, add_special_tokens=False)["input_ids"]
    same = list(stock) == list(vocabulary.encode_tokens(tokens, one.name))
    detail = "the stock tokenizer gives the same ids" if same else "the stock tokenizer gives other ids"
    return Finding(_AREA, f"{name}: Transformers", "ok" if same else "failed", detail)
