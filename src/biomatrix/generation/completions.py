"""What an OpenAI-compatible server is asked, and what its answers spell in our ids.

Servers differ in what they take, so a request has three forms, tried in turn until one is taken: token ids with the
extensions of vLLM and SGLang, token ids alone, and text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from biomatrix.errors import ServerError
from biomatrix.generation.answer_ends import seed_of, stop_ids
from biomatrix.generation.jobs import Job, Written
from biomatrix.vocabulary.vocabulary import Vocabulary

Form = Literal["extended", "ids", "text"]
FORMS: Final[tuple[Form, ...]] = ("extended", "ids", "text")
_SEED_BITS: Final = 31
"""Some servers take no larger seeds."""
_MOST_STOPS: Final = 4
_TOKEN_ID: Final = re.compile(r"token_id:([0-9]{1,18})")


def completion_body(vocabulary: Vocabulary, model: str, job: Job, form: Form) -> dict[str, Any]:
    """Return the body of a request for one job."""
    greedy = job.sampling.is_greedy
    stops = stop_ids(vocabulary, job)
    body: dict[str, Any] = {
        "model": model,
        "prompt": vocabulary.text(job.prompt) if form == "text" else list(job.prompt),
        "max_tokens": job.budget,
        "temperature": 0.0 if greedy else job.sampling.temperature,
        "top_p": 1.0 if greedy else job.sampling.top_p,
        "logprobs": 1,
    }
    if not greedy:
        body["seed"] = seed_of(job, _SEED_BITS)
    if form == "extended":
        body |= {
            "stop_token_ids": stops,
            "return_token_ids": True,
            "return_tokens_as_token_ids": True,
            "skip_special_tokens": False,
            "spaces_between_special_tokens": False,
            "include_stop_str_in_output": True,
        }
    else:
        tokens = (vocabulary.backend.id_to_token(id_) for id_ in stops[:_MOST_STOPS])
        body["stop"] = [token for token in tokens if token]
    return body


@dataclass(frozen=True)
class Piece:
    """A part of an answer: all of it, or what one event of a stream brings.

    Parameters
    ----------
    ids : tuple of int or None
        None where the server told the text alone.
    logprobs : tuple of float
        Of the ids, NaN where the server told none.
    text : str
    reason : str or None
        Why the answer ended, None where it has not.
    stop : int, str or None
        What ended it; "" where the server does not tell.
    """

    ids: tuple[int, ...] | None
    logprobs: tuple[float, ...]
    text: str
    reason: str | None
    stop: int | str | None


@dataclass(frozen=True)
class Choice:
    """A choice of a completion, or of an event of a stream, every field of the type that it is read as.

    Parameters
    ----------
    index : int
    text : str
    ids, logprobs, tokens : list
        As the server tells them; empty where it does not, but None for ids.
    reason : str or None
    stop : int, str or None
        "" where the server does not tell.
    """

    index: int
    text: str
    ids: list[int] | None
    logprobs: list[float | None]
    tokens: list[Any]
    reason: str | None
    stop: int | str | None


def read_choices(answer: object, address: str) -> list[Choice]:
    """Return the choices of a completion, or of an event of a stream, in the order of their indices.

    Raises
    ------
    ServerError
        It is neither: it names the address and the field that is wrong.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("choices"), list):
        raise _no_completion(address, answer, "it has no list of choices")
    return sorted((_read_choice(one, address) for one in answer["choices"]), key=lambda choice: choice.index)


def _read_choice(told: Any, address: str) -> Choice:
    if not isinstance(told, dict):
        raise _no_completion(address, told, "a choice is no object")
    found = {"index": 0, **told}
    beside = found.get("logprobs")
    beside = {} if beside is None else beside
    if not isinstance(beside, dict):
        raise _no_completion(address, told, "logprobs are no object")
    logprobs, tokens = (_or_empty(beside.get(name)) for name in ("token_logprobs", "tokens"))
    text, ids, reason = found.get("text"), found.get("token_ids"), found.get("finish_reason")
    stop = found.get("stop_reason", "")
    holds = {
        "index": _is_whole(found["index"]),
        "text": isinstance(text, str) and not any("\ud800" <= letter <= "\udfff" for letter in text),
        "token_ids": ids is None or (isinstance(ids, list) and all(_is_whole(each) for each in ids)),
        "token_logprobs": isinstance(logprobs, list) and all(each is None or _is_number(each) for each in logprobs),
        "tokens": isinstance(tokens, list),
        "finish_reason": reason is None or isinstance(reason, str),
        "stop_reason": stop is None or isinstance(stop, str) or _is_whole(stop),
    }
    wrong = next((name for name, right in holds.items() if not right), None)
    if wrong is not None:
        raise _no_completion(address, told, f"{wrong} is not what it should be")
    return Choice(found["index"], str(text), ids, logprobs, tokens, reason, stop)


def _no_completion(address: str, told: object, reason: str) -> ServerError:
    return ServerError(
        f"{address} answers what is no completion ({reason}): {str(told)[:200]!r}; is it OpenAI-compatible?"
    )


def _or_empty(told: Any) -> Any:
    return [] if told is None else told


def _is_whole(told: object) -> bool:
    return isinstance(told, int) and not isinstance(told, bool) and abs(told) < 1 << 63


def _is_number(told: object) -> bool:
    return isinstance(told, float) or _is_whole(told)


def read_piece(choice: Choice) -> Piece:
    """Return what a choice tells."""
    logprobs = tuple(math.nan if each is None else float(each) for each in choice.logprobs)
    ids = choice.ids
    if ids is None:
        found = [_TOKEN_ID.fullmatch(str(token)) for token in choice.tokens]
        ids = [int(one[1]) for one in found if one] if found and all(found) else None
    if ids is not None and len(logprobs) != len(ids):
        logprobs = (math.nan,) * len(ids)
    return Piece(None if ids is None else tuple(ids), logprobs, choice.text, choice.reason, choice.stop)


def joined(pieces: Sequence[Piece]) -> Piece:
    """Return pieces as one."""
    ids: list[int] | None = []
    for piece in pieces:
        ids = None if ids is None or (piece.ids is None and piece.text) else [*ids, *(piece.ids or ())]
    logprobs = tuple(each for piece in pieces for each in piece.logprobs)
    last = next((piece for piece in reversed(pieces) if piece.reason is not None), pieces[-1])
    return Piece(None if ids is None else tuple(ids), logprobs, "".join(p.text for p in pieces), last.reason, last.stop)


def read_answer(vocabulary: Vocabulary, job: Job, piece: Piece) -> Written:
    """Return what a job wrote, up to the first id that ends it.

    Where the server told no ids, its text is read with the vocabulary, and the log-probabilities are NaN unless there
    are as many. A stop string that the server cut off is put back: the one it names, else the end of the output where
    the guide allows it, else the end of the turn.

    Raises
    ------
    ServerError
        The ids are no tokens of the vocabulary: the server runs another model.
    """
    stops = stop_ids(vocabulary, job)
    ids = piece.ids
    if ids is None:
        ids = tuple(vocabulary.backend.encode(piece.text, add_special_tokens=False).ids)
    logprobs = piece.logprobs if len(piece.logprobs) == len(ids) else (math.nan,) * len(ids)
    if any(not 0 <= id_ < len(vocabulary) for id_ in ids):
        raise ServerError(f"the server wrote an id past the vocabulary of {len(vocabulary):,}: it runs another model")
    end = next((place + 1 for place, id_ in enumerate(ids) if id_ in stops), None)
    if end is None and piece.reason == "stop":
        ids, logprobs = (*ids, _stop_of(vocabulary, piece, stops)), (*logprobs, math.nan)
        end = len(ids)
    return Written(ids[:end], logprobs[:end], end is not None)


def _stop_of(vocabulary: Vocabulary, piece: Piece, stops: Sequence[int]) -> int:
    """Return the id that ended an answer and is not part of it."""
    told = vocabulary.backend.token_to_id(piece.stop) if isinstance(piece.stop, str) and piece.stop else piece.stop
    if told in stops:
        return int(told)  # type: ignore[arg-type]
    # None: the end of the turn, as vLLM tells it; "": not told, and the end of the output is what was asked for
    return stops[-1] if piece.stop is None else stops[0]
