"""Operations that ask how the model sees something: its likelihood, and its hidden states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.generation.requests import Request
from biomatrix.serving.answers import number, told_model, told_tokens
from biomatrix.serving.asking import opened_parts
from biomatrix.serving.operations.operation import Operation
from biomatrix.serving.schemas.scoring import EmbedAsked, EmbedTold, ScoreAsked, ScoreTold, TokenVectors
from biomatrix.vocabulary.tables import Deferred

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from biomatrix.serving.service import Service
    from biomatrix.vocabulary.segments import Segment
    from biomatrix.vocabulary.tables import Item

_POOLING: Final = "mean of the last hidden state, after the final norm, over the tokens; control tokens left out"


def score(service: Service, asked: ScoreAsked) -> ScoreTold:
    """Say how likely the model finds a continuation of a request."""
    request = Request(opened_parts(service, asked.prompt, "prompt"), system=asked.system)
    found = service.model.engine.score(request, opened_parts(service, asked.continuation, "continuation"))
    vocabulary = service.model.vocabulary
    segments = vocabulary.segments(found.token_ids)
    return ScoreTold(
        logprob=number(found.logprob),
        perplexity=number(_perplexity(found)),
        tokens=told_tokens(vocabulary, found.token_ids, segments, logprobs=found.token_logprobs),
        model=told_model(service.model),
    )


def _perplexity(score: Any) -> float:
    try:
        return float(score.perplexity)
    except OverflowError:
        return float("inf")


def embed(service: Service, asked: EmbedAsked) -> EmbedTold:
    """Return the model's vectors of entities or texts."""
    vocabulary = service.model.vocabulary
    items = opened_parts(service, asked.entities or asked.texts or [], "entities" if asked.entities else "texts")
    sequences = [_ids(service, item, place) for place, item in enumerate(items)]
    if asked.per_token:
        service.limits.check("new_tokens", sum(map(len, sequences)), "number of tokens whose vectors are asked")
    pooled: list[NDArray[np.float32]] = []
    each: list[TokenVectors] = []
    for ids in sequences:
        states, segments = _states(service, ids), vocabulary.segments(ids)
        pooled.append(states[_inside(segments, len(ids))].mean(axis=0))
        if asked.per_token:
            each.append(TokenVectors(tokens=told_tokens(vocabulary, ids, segments), vectors=states.tolist()))
    return EmbedTold(
        embeddings=[one.tolist() for one in pooled],
        dimension=len(pooled[0]),
        pooling=_POOLING,
        per_token=each if asked.per_token else None,
        model=told_model(service.model),
    )


def _ids(service: Service, item: Item, place: int) -> list[int]:
    if isinstance(item, Deferred):
        raise UnsupportedError("an entity is embedded as its tokens; leave out the modality soft", file=f"[{place}]")
    ids = service.model.vocabulary.encode([item])
    if not ids:
        raise ConfigurationError("an empty text has no vector", file=f"texts[{place}]")
    return ids


def _states(service: Service, ids: list[int]) -> NDArray[np.float32]:
    """Return the last hidden state of each id, ``float32 [T, D]``."""
    hidden_states = getattr(service.model.engine, "hidden_states", None)
    if hidden_states is None:
        raise UnsupportedError(f"{service.model.name} has no network here, so it has no hidden states to embed with")
    found: NDArray[np.float32] = hidden_states(ids)
    return found


def _inside(segments: Sequence[Segment], count: int) -> NDArray[np.bool_]:
    """Return which tokens are no control tokens, ``bool [count]``."""
    kept = np.ones(count, dtype=bool)
    for segment in segments:
        if segment.modality is not None:
            kept[[segment.start, segment.stop - 1]] = False
            kept &= _inside(segment.parts, count)
    return kept


OPERATIONS: Final = (
    Operation(
        "score",
        "Say how likely the model finds an answer: a sequence, a molecule, a structure given a sequence.",
        ScoreAsked,
        ScoreTold,
        score,
        {
            "prompt": "Make a molecule as SELFIES.",
            "continuation": [{"type": "molecule", "smiles": "CCO", "modality": "selfies"}],
        },
        generates=True,
        is_tool=False,
    ),
    Operation(
        "embed",
        "Return the model's vectors of entities or texts: pooled, and of every token where asked.",
        EmbedAsked,
        EmbedTold,
        embed,
        {"entities": [{"type": "molecule", "smiles": "CCO"}, {"type": "protein", "sequence": "MKTAYIAK"}]},
        generates=True,
        is_tool=False,
    ),
)
