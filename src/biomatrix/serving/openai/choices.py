"""Answers of the model as choices of a completion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from biomatrix.entities.kind_registry import kind_of
from biomatrix.generation.answers import Answer
from biomatrix.generation.planning import prompt_ids
from biomatrix.generation.requests import Request
from biomatrix.generation.resolving import resolved
from biomatrix.generation.stop_strings import StopFilter

if TYPE_CHECKING:
    from biomatrix.generation.engine import Engine


def cut(answer: Answer, stops: Sequence[str]) -> tuple[str, str]:
    """Return an answer's text up to the first stop string, and why it ends."""
    stop = StopFilter(stops)
    text = stop.read(answer.text)
    return text + stop.rest(), "stop" if stop.found else answer.finish_reason


def told_entity(answer: Answer) -> dict[str, Any]:
    """Return what an answer spells beside its text, as fields of a choice; clients of OpenAI pass over them."""
    entity = answer.entity
    told = {"entity": None if entity is None else {"type": entity.kind, "text": kind_of(entity).text(entity)}}
    return told if answer.error is None else {**told, "error": answer.error}


def _shown_tokens(answer: Answer, text: str) -> list[tuple[str, float]]:
    """Return the tokens of an answer's text with their log-probabilities, those behind its end left out."""
    vocabulary = answer.vocabulary
    shown = set(vocabulary.plain_ids.tolist()) | set(vocabulary.new_ids.tolist())
    found: list[tuple[str, float]] = []
    count = 0
    for id_, logprob in zip(answer.token_ids, answer.token_logprobs, strict=True):
        if id_ not in shown or count >= len(text):
            continue
        token = vocabulary.text([id_])
        count += len(token)
        found.append((token, logprob if math.isfinite(logprob) else -9999.0))
    return found


def chat_logprobs(answer: Answer, text: str, top: int) -> dict[str, Any]:
    """Return the log-probability of each token; of the likeliest ones the model tells that of the chosen one alone."""
    content = []
    for token, logprob in _shown_tokens(answer, text):
        one = {"token": token, "logprob": logprob, "bytes": list(token.encode())}
        content.append({**one, "top_logprobs": [one] if top else []})
    return {"content": content, "refusal": None}


def completion_logprobs(answer: Answer, text: str, top: int) -> dict[str, Any]:
    """Return the log-probability of each token in the older form."""
    found = _shown_tokens(answer, text)
    offsets, place = [], 0
    for token, _ in found:
        offsets.append(place)
        place += len(token)
    return {
        "tokens": [token for token, _ in found],
        "token_logprobs": [logprob for _, logprob in found],
        "top_logprobs": [{token: logprob} for token, logprob in found] if top else None,
        "text_offset": offsets,
    }


def usage(engine: Engine, requests: Sequence[Request], answers: Sequence[Answer]) -> dict[str, int]:
    """Return how many tokens were read and written."""
    resolver = getattr(engine, "resolver", None)
    read = sum(len(prompt_ids(engine.vocabulary, resolved(request, resolver))) for request in requests)
    written = sum(len(answer.token_ids) - answer.given for answer in answers)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
