"""Any OpenAI-compatible server, asked in plain text."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from biomatrix.errors import BioMatrixError, ConfigurationError, ServerError
from biomatrix.evaluation.answering import Question, Reply
from biomatrix.evaluation.plain_text import question_text
from biomatrix.evaluation.text_model import LONGEST_ANSWER
from biomatrix.generation.http_engine import served_model
from biomatrix.generation.json_client import JsonClient, RequestRefused
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example

CHAT: Final = "chat/completions"
PLAIN: Final = "completions"
_SEEDS: Final = 1 << 31
"""Seeds of servers are whole numbers of 32 bits."""


class TextServer:
    """A model that a server runs, of which nothing is known but that it writes text.

    Questions go to ``chat/completions``, or to ``completions`` where the server has no conversations.

    Parameters
    ----------
    client : JsonClient
    name : str
        For tables.
    served_as : str, optional
        What the server calls the model; its only one when not given.
    concurrency : int
        The most questions at once.
    """

    def __init__(self, client: JsonClient, name: str, served_as: str | None = None, concurrency: int = 8) -> None:
        self.name = name
        self._client = client
        self._model = str(served_model(client, served_as)["id"])
        self._concurrency = concurrency
        self._path = CHAT
        self._left_out: tuple[str, ...] = ()

    @property
    def description(self) -> Mapping[str, Any]:
        """The server and what it calls the model: it tells nothing of its weights."""
        return {"engine": "server", "url": self._client.base_url, "served_as": self._model}

    def prepare(self, benchmark: Benchmark, training: Iterable[Example]) -> None:
        """Learn nothing."""

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return a reply for each question; one that the server refuses is replied to with its words.

        Raises
        ------
        ServerError, ConfigurationError
            The server is gone, wants a key, or has no such model.
        """
        if not questions:
            return []
        replies = [self._reply(questions[0])]  # what the server takes is found out before several ask
        with ThreadPoolExecutor(self._concurrency) as pool:
            return replies + list(pool.map(self._reply, questions[1:]))

    def _reply(self, question: Question) -> Reply:
        begun = time.perf_counter()
        try:
            text = question_text(question)
        except BioMatrixError as error:
            return Reply("", error=error.message)
        try:
            raw = self._ask(text, question)
        except RequestRefused as error:
            return Reply("", error=error.message)
        return Reply(raw, seconds=time.perf_counter() - begun)

    def _ask(self, text: str, question: Question) -> str:
        """Return what the server writes, asked in the first form that it takes."""
        refusal: RequestRefused | None = None
        for left_out in dict.fromkeys((self._left_out, (), ("seed",), ("seed", "top_p"))):
            try:
                raw = self._post(text, question, left_out)
            except RequestRefused as error:
                refusal = refusal or error
                continue
            self._left_out = left_out
            return raw
        assert refusal is not None
        raise refusal

    def _post(self, text: str, question: Question, left_out: Sequence[str]) -> str:
        decoding = question.benchmark.decoding
        body: dict[str, Any] = {
            "model": self._model,
            "max_tokens": decoding.max_new_tokens or LONGEST_ANSWER,
            "temperature": decoding.temperature,
            "top_p": decoding.top_p,
            "seed": question.seed % _SEEDS,
        }
        body = {key: value for key, value in body.items() if key not in left_out}
        if self._path == CHAT:
            try:
                return _text_of(self._client.post(CHAT, {**body, "messages": [{"role": "user", "content": text}]}))
            except ConfigurationError as error:
                if isinstance(error, RequestRefused) or "answers 404" not in error.message:
                    raise
                self._path = PLAIN
        return _text_of(self._client.post(PLAIN, {**body, "prompt": f"{text}\n"}))


def _text_of(answer: Any) -> str:
    """Return the text of a completion; ServerError where it holds none."""
    try:
        choice = answer["choices"][0]
        text = choice["message"]["content"] if "message" in choice else choice["text"]
    except (LookupError, TypeError):
        text = answer
    if text is None:  # as of an answer that called a tool, or was filtered
        return ""
    if not isinstance(text, str):
        raise ServerError(f"the server answers what is no completion: {str(answer)[:200]!r}; is it OpenAI-compatible?")
    return text
