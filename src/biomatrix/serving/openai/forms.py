"""The two forms of a completion: a conversation's next turn, and a document that goes on."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from biomatrix.generation.answers import Answer
from biomatrix.serving.openai.choices import chat_logprobs, completion_logprobs, cut, told_entity
from biomatrix.serving.openai.prompts import chat_requests, completion_requests
from biomatrix.serving.openai.schemas import Asked, ChatAsked, CompletionAsked

if TYPE_CHECKING:
    from biomatrix.generation.requests import Request
    from biomatrix.serving.opening import Opened


class Form(Protocol):
    """How requests are made of what is asked, and how answers are told."""

    stops: Sequence[str]

    @property
    def asked(self) -> Asked: ...

    def requests(self, opened: Opened, seed: int) -> list[Request]: ...

    def head(self, opened: Opened, seed: int, *, chunk: bool = False) -> dict[str, Any]: ...

    def choice(self, answer: Answer, index: int) -> dict[str, Any]: ...

    def opening(self, index: int) -> dict[str, Any] | None: ...

    def piece(self, text: str, index: int) -> dict[str, Any]: ...

    def ending(self, answer: Answer, index: int, reason: str) -> dict[str, Any]: ...


def head_of(asked: Asked, opened: Opened, seed: int, prefix: str, kind: str) -> dict[str, Any]:
    """Return what stands around the choices of every completion."""
    return {
        "id": f"{prefix}-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": asked.model,
        "system_fingerprint": opened.hash or None,
        "seed": seed,
    }


@dataclass(frozen=True)
class ChatForm:
    """The next turn of a conversation."""

    asked: ChatAsked
    stops: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stops", self.asked.stops)

    def requests(self, opened: Opened, seed: int) -> list[Request]:
        """Return the request."""
        return chat_requests(opened.service, self.asked, seed)

    def head(self, opened: Opened, seed: int, *, chunk: bool = False) -> dict[str, Any]:
        """Return what stands around the choices."""
        return head_of(self.asked, opened, seed, "chatcmpl", "chat.completion.chunk" if chunk else "chat.completion")

    def choice(self, answer: Answer, index: int) -> dict[str, Any]:
        """Return a whole answer."""
        text, reason = cut(answer, self.stops)
        message = {"role": "assistant", "content": text, "refusal": None}
        logprobs = chat_logprobs(answer, text, self.asked.top_logprobs or 0) if self.asked.logprobs else None
        return {
            "index": index,
            "message": message,
            "logprobs": logprobs,
            "finish_reason": reason,
            **told_entity(answer),
        }

    def opening(self, index: int) -> dict[str, Any] | None:
        """Return what the stream of an answer begins with."""
        return self._delta({"role": "assistant", "content": ""}, index)

    def piece(self, text: str, index: int) -> dict[str, Any]:
        """Return a part of an answer."""
        return self._delta({"content": text}, index)

    def ending(self, answer: Answer, index: int, reason: str) -> dict[str, Any]:
        """Return what the stream of an answer ends with: the log-probabilities of all its tokens, where asked for."""
        last = self._delta({}, index, reason)
        text, _ = cut(answer, self.stops)
        if self.asked.logprobs:
            last["logprobs"] = chat_logprobs(answer, text, self.asked.top_logprobs or 0)
        return {**last, **told_entity(answer)}

    def _delta(self, delta: dict[str, Any], index: int, reason: str | None = None) -> dict[str, Any]:
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}


@dataclass(frozen=True)
class CompletionForm:
    """Documents that go on."""

    asked: CompletionAsked
    stops: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stops", self.asked.stops)

    def requests(self, opened: Opened, seed: int) -> list[Request]:
        """Return a request for each document."""
        return completion_requests(opened.service, self.asked, seed)

    def head(self, opened: Opened, seed: int, *, chunk: bool = False) -> dict[str, Any]:
        """Return what stands around the choices."""
        return head_of(self.asked, opened, seed, "cmpl", "text_completion")

    def choice(self, answer: Answer, index: int) -> dict[str, Any]:
        """Return a whole answer."""
        text, reason = cut(answer, self.stops)
        return {**self._choice(text, index, reason), "logprobs": self._logprobs(answer, text), **told_entity(answer)}

    def opening(self, index: int) -> dict[str, Any] | None:
        """Return nothing: a stream begins with its text."""
        return None

    def piece(self, text: str, index: int) -> dict[str, Any]:
        """Return a part of an answer."""
        return self._choice(text, index, None)

    def ending(self, answer: Answer, index: int, reason: str) -> dict[str, Any]:
        """Return what the stream of an answer ends with."""
        last = self._choice("", index, reason)
        text, _ = cut(answer, self.stops)
        return {**last, "logprobs": self._logprobs(answer, text), **told_entity(answer)}

    def _logprobs(self, answer: Answer, text: str) -> dict[str, Any] | None:
        asked = self.asked.logprobs
        return None if asked is None else completion_logprobs(answer, text, asked)

    def _choice(self, text: str, index: int, reason: str | None) -> dict[str, Any]:
        return {"index": index, "text": text, "logprobs": None, "finish_reason": reason}
