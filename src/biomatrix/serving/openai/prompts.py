"""From what a client of OpenAI sends to requests to the model."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from biomatrix.conversion.wrapped import unwrap
from biomatrix.entities.kind_registry import kind_names
from biomatrix.generation.model import request_of
from biomatrix.generation.requests import Request
from biomatrix.serving.entities import check_size, shown_item
from biomatrix.serving.openai.schemas import Asked, ChatAsked, CompletionAsked, Message
from biomatrix.serving.problems import Problem
from biomatrix.serving.schemas.entities import GivenEntity
from biomatrix.serving.wishes import try_wishes
from biomatrix.vocabulary.chat import Role, Turn
from biomatrix.vocabulary.tables import Tokens

if TYPE_CHECKING:
    from biomatrix.serving.service import Service
    from biomatrix.vocabulary.tables import Item

_SEED_BITS: Final = 31
"""As large as clients of every language take."""


def seed_for(asked: Asked) -> int:
    """Return the seed of a request, a fresh one where it names none."""
    return secrets.randbits(_SEED_BITS) if asked.seed is None else asked.seed


def chat_requests(service: Service, asked: ChatAsked, seed: int) -> list[Request]:
    """Return the request that a conversation is.

    Raises
    ------
    BioMatrixError, Problem
        An entity cannot be read, a limit is broken, or the conversation does not end with the user.
    """
    _check(service, asked, [_text_of(message) for message in asked.messages])
    service.limits.check("entities", sum(map(_parts_of, asked.messages)), "number of parts of the conversation")
    turns = [
        Turn(_role(message), _items(service, message, f"messages[{place}]", asked.read_entities))
        for place, message in enumerate(asked.messages)
    ]
    if turns[-1].role != "user":
        where = {"field": "messages", "record": None, "position": None}
        raise Problem(400, "conversation", "the last message is the user's, which the model answers", where=where)
    return [_request(service, asked, seed, turns[-1].content, history=turns[:-1])]


def completion_requests(service: Service, asked: CompletionAsked, seed: int) -> list[Request]:
    """Return a request for each document to go on with; raises as :func:`chat_requests`."""
    if asked.best_of not in (None, asked.n):
        raise Problem(400, "unsupported_field", "best_of is not served; ask for n answers and choose")
    _check(service, asked, asked.prompts)
    service.limits.check("samples", asked.n * len(asked.prompts), "number of answers")
    if not asked.prompts:
        raise Problem(400, "schema", "prompt is an empty list; give a text")
    read = [read_text(service, text, asked.read_entities) for text in asked.prompts]
    return [_request(service, asked, seed, prompt, raw=True) for prompt in read]


def _request(service: Service, asked: Asked, seed: int, prompt: Any, **further: Any) -> Request:
    try_wishes(service, asked.output, asked.length, asked.constraints)
    return request_of(
        prompt,
        asked.output,
        asked.length,
        temperature=1.0 if asked.temperature is None else asked.temperature,
        top_p=1.0 if asked.top_p is None else asked.top_p,
        seed=seed,
        num_samples=asked.n,
        max_new_tokens=asked.most_tokens,
        constraints=asked.constraints,
        drafts=asked.drafts,
        stop=asked.stops,
        **further,
    )


def _check(service: Service, asked: Asked, texts: Sequence[str]) -> None:
    limits = service.limits
    limits.check("samples", asked.n, "n")
    limits.check("samples", asked.drafts or 0, "the number of drafts")
    limits.check("new_tokens", asked.most_tokens or 0, "max_tokens")
    ends = asked.length if isinstance(asked.length, tuple) else (asked.length,)
    limits.check("new_tokens", max(end or 0 for end in ends), "length")
    limits.check("text_characters", sum(map(len, (*texts, *asked.constraints))), "the number of characters")


def _role(message: Message) -> Role:
    return "system" if message.role == "developer" else message.role


def _parts_of(message: Message) -> int:
    return len(message.content) if isinstance(message.content, list) else 1


def _text_of(message: Message) -> str:
    if isinstance(message.content, str):
        return message.content
    return "".join(str(part.get("text", "")) for part in message.content or ())


def _items(service: Service, message: Message, where: str, read_entities: bool) -> list[Item]:
    """Return the parts of a message; a turn of the model's own is read as the model wrote it."""
    reads = read_entities or message.role == "assistant"
    content = message.content or ""
    if isinstance(content, str):
        return read_text(service, content, reads)
    items: list[Item] = []
    for place, part in enumerate(content):
        field = f"{where}.content[{place}]"
        kind = part.get("type")
        if kind in kind_names():
            items.append(shown_item(GivenEntity.model_validate(part), service, field))
        elif kind == "text" and isinstance(part.get("text"), str):
            items += read_text(service, part["text"], reads)
        else:
            known = ", ".join(["text", *kind_names()])
            message_ = f"a part of a message is one of {known}, with its text"
            raise Problem(400, "part", message_, where={"field": field, "record": None, "position": None})
    return items


def read_text(service: Service, text: str, reads: bool) -> list[Item]:
    """Return a text as parts of a prompt.

    Parameters
    ----------
    service : Service
    text : str
    reads : bool
        Whether whole segments in control tokens become entities. Where not, and for everything else that looks like a
        token, the letters stay letters.

    Raises
    ------
    BioMatrixError
        A segment that spells nothing.
    """
    if not reads:
        return [text] if text else []
    return list(_segments(service, text))


def _segments(service: Service, text: str) -> Iterator[Item]:
    vocabulary = service.model.vocabulary
    pairs = [
        (vocabulary.block(name).modality.start_token, vocabulary.block(name).modality.end_token)
        for name in vocabulary.modalities
    ]
    pattern = re.compile("|".join(f"{re.escape(start)}.*?{re.escape(end)}" for start, end in pairs), re.DOTALL)
    place = 0
    for found in pattern.finditer(text):
        if found.start() > place:
            yield text[place : found.start()]
        modality, tokens = unwrap(found[0])
        if modality.spelled_as_text:
            service.parser.parse("".join(tokens), modality.kind)  # what spells nothing is refused
        else:
            check_size(modality, tokens, service)
        yield Tokens(modality.name, tokens)
        place = found.end()
    if place < len(text):
        yield text[place:]
