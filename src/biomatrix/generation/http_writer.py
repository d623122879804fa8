"""The writer over an OpenAI-compatible server: one request a job, several at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from threading import Event, Thread
from typing import Any, Final, Literal, TypeVar, get_args

from biomatrix.errors import ConfigurationError, ServerError, UnsupportedError
from biomatrix.generation.adapters.guide_descriptions import describe
from biomatrix.generation.adapters.llguidance import lark_grammar
from biomatrix.generation.adapters.vllm_rows import ARGUMENT
from biomatrix.generation.completions import (
    FORMS,
    Choice,
    Form,
    Piece,
    completion_body,
    joined,
    read_answer,
    read_choices,
    read_piece,
)
from biomatrix.generation.jobs import Job, Token, Written
from biomatrix.generation.json_client import JsonClient, RequestRefused
from biomatrix.vocabulary.vocabulary import Vocabulary

Enforcement = Literal["checks", "grammar", "processor"]
PATH: Final = "completions"
_MOST_CHOICES: Final = 16
"""Of one request; more are asked for in several, which the server may share out."""
Result = TypeVar("Result")


class HttpWriter:
    """Writes jobs on a server.

    Parameters
    ----------
    client : JsonClient
    model : str
        What the server calls the model.
    vocabulary : Vocabulary
        Of the same model.
    concurrency : int
        The most requests at once.
    enforced_by : {"checks", "grammar", "processor"}
        Whether the server is told what may be written: not at all; as an llguidance grammar
        (``structured_outputs``); or for the processor of :mod:`biomatrix.generation.adapters.vllm_rows`, which the
        server has loaded.
    """

    def __init__(
        self, client: JsonClient, model: str, vocabulary: Vocabulary, concurrency: int, enforced_by: Enforcement
    ) -> None:
        if enforced_by not in get_args(Enforcement):
            choices = ", ".join(get_args(Enforcement))
            raise ConfigurationError(f"constraints are enforced by one of {choices}, not {enforced_by!r}")
        self._client = client
        self._model = model
        self._vocabulary = vocabulary
        self._concurrency = concurrency
        self._enforced_by = enforced_by
        self._form: Form = "extended"
        self._takes_several: bool | None = None
        """Whether several choices of one request are those of as many requests; None where it is not known yet."""

    def write(self, jobs: Sequence[Job], max_rows: int) -> list[Written]:
        """Return what each job wrote, in order; at most ``max_rows`` requests are under way at once.

        Samples of one request are asked for together (``n``) where the server's choices are what it answers one by
        one, which is tried out on the first of them.
        """
        written: list[Written] = []
        pool = ThreadPoolExecutor(max(1, min(self._concurrency, max_rows, len(jobs))))
        try:
            groups = alike(jobs, min(_MOST_CHOICES, max_rows))
            if self._takes_several is None and any(len(group) > 1 for group in groups):
                first = next(group for group in groups if len(group) > 1)
                self._takes_several = self._answers_alike(first[:2])
            if not self._takes_several:
                groups = [[job] for job in jobs]
            for several in pool.map(self._write_group, groups):
                written += several
            return written
        finally:
            pool.shutdown(cancel_futures=True)

    def _answers_alike(self, jobs: Sequence[Job]) -> bool:
        """Return whether a server answers jobs together as it answers the last of them alone."""
        try:
            together = self._write_group(jobs)
        except (RequestRefused, ServerError):
            return False
        return together[-1].ids == self._write_group(jobs[-1:])[0].ids

    def _write_group(self, jobs: Sequence[Job]) -> list[Written]:
        """Return what jobs wrote that differ in their sample alone, each the one behind the last."""

        def ask(form: Form) -> Any:
            body = self._body(jobs[0], form)
            return self._client.post(PATH, body if len(jobs) == 1 else {**body, "n": len(jobs)})

        choices = self._choices(self._in_a_form_it_takes(ask), len(jobs))
        return [read_answer(self._vocabulary, job, read_piece(one)) for job, one in zip(jobs, choices, strict=True)]

    def stream(self, jobs: Sequence[Job]) -> Iterator[Token]:
        """Yield every id of every job as the server tells it; at the end of a job where it tells text alone."""
        queue: Queue[Token | BaseException | None] = Queue()
        left = Event()

        def run(number: int, job: Job) -> None:
            try:
                for token in self._stream(number, job):
                    if left.is_set():
                        return
                    queue.put(token)
                queue.put(None)
            except BaseException as error:  # noqa: BLE001  # it is raised where the tokens are read
                queue.put(error)

        for number, job in enumerate(jobs):
            Thread(target=run, args=(number, job), daemon=True).start()
        try:
            open_ = len(jobs)
            while open_:
                item = queue.get()
                if isinstance(item, BaseException):
                    raise item
                if item is None:
                    open_ -= 1
                else:
                    yield item
        finally:
            left.set()

    def token_logprobs(self, prompt: Sequence[int], continuation: Sequence[int]) -> list[float]:
        """Return the log-probability in nats of each id of a continuation, among all rows of the embedding.

        Raises
        ------
        UnsupportedError
            The server tells none of tokens that it is given (``echo``).
        """
        ids = [*prompt, *continuation]
        body = {"model": self._model, "prompt": ids, "max_tokens": 0, "echo": True, "logprobs": 1, "temperature": 0.0}
        advice = f"{self._client.base_url} does not tell how likely given tokens are (echo with logprobs)"
        try:
            (choice,) = self._choices(self._client.post(PATH, body), 1)
        except RequestRefused as error:
            raise UnsupportedError(f"{advice}: {error.message}") from error
        told = choice.logprobs[len(prompt) : len(ids)]
        found = [float(each) for each in told if each is not None]
        if len(found) != len(continuation):
            raise UnsupportedError(advice)
        if any(math.isnan(each) for each in found):
            raise ServerError(
                f"{self._client.base_url} tells NaN as the log-probability of a token; is its model sound?"
            )
        return found

    def _choices(self, answer: object, number: int) -> list[Choice]:
        """Return the choices of a completion in their order; ServerError where they are not so many."""
        address = f"{self._client.base_url}/{PATH}"
        choices = read_choices(answer, address)
        if len(choices) != number:
            raise ServerError(
                f"{address} answers what is no completion: it has {len(choices)} choices where {number} were asked "
                "for; is it OpenAI-compatible?"
            )
        return choices

    def _stream(self, number: int, job: Job) -> Iterator[Token]:
        def ask(form: Form) -> tuple[list[Any], Iterator[Any]]:
            events = self._client.stream(PATH, {**self._body(job, form), "stream": True})
            first = next(events, None)  # the server refuses here, if it does
            return ([] if first is None else [first]), events

        begun, rest = self._in_a_form_it_takes(ask)
        pieces: list[Piece] = []
        told = 0
        for events in (begun, rest):
            for event in events:
                pieces += [read_piece(choice) for choice in read_choices(event, f"{self._client.base_url}/{PATH}")]
                whole = joined(pieces) if pieces else None
                if whole is not None and whole.ids is not None:
                    for place in range(told, len(whole.ids) - 1):  # the last id waits: it may be the last of all
                        yield Token(number, whole.ids[place], whole.logprobs[place], False, False)
                        told = place + 1
        if not pieces:
            raise ServerError(f"{self._client.base_url} answered with a stream of nothing")
        written = read_answer(self._vocabulary, job, joined(pieces))
        for place in range(told, len(written.ids)):
            last = place == len(written.ids) - 1
            yield Token(number, written.ids[place], written.logprobs[place], last, last and written.complete)

    def _body(self, job: Job, form: Form) -> dict[str, Any]:
        body = completion_body(self._vocabulary, self._model, job, form)
        request = job.request
        if self._enforced_by == "checks" or request is None or not request.guided:
            return body
        if self._enforced_by == "processor":
            return {**body, "vllm_xargs": {ARGUMENT: describe(request, job.budget)}}
        if len(request.outputs) == 1 and not request.wishes:
            grammar = lark_grammar(self._vocabulary, request.outputs[0], request.bounds)
            return {**body, "structured_outputs": {"grammar": grammar}}
        return body  # no table says it: it is checked

    def _in_a_form_it_takes(self, ask: Callable[[Form], Result]) -> Result:
        """Return the answer to the first form that the server takes; later requests begin with that form."""
        refusal: RequestRefused | None = None
        forms = FORMS[FORMS.index(self._form) :] if self._enforced_by == "checks" else FORMS[:1]
        for form in forms:
            try:
                result = ask(form)
            except RequestRefused as error:
                refusal = refusal or error
                continue
            self._form = form
            return result
        assert refusal is not None  # there is at least one form
        raise refusal


def alike(jobs: Sequence[Job], most: int) -> list[list[Job]]:
    """Return runs of jobs, of at most so many, that differ in their sample alone, each the one behind the last."""
    groups: list[list[Job]] = []
    for job in jobs:
        last = groups[-1][-1] if groups else None
        drawn = not job.sampling.is_greedy
        if last is not None and drawn and len(groups[-1]) < most and _follows(last, job):
            groups[-1].append(job)
        else:
            groups.append([job])
    return groups


def _follows(last: Job, job: Job) -> bool:
    same = last.guide is job.guide and last.request is job.request and last.sampling == job.sampling
    return same and (last.prompt, last.budget, last.draft, last.sample + 1) == (
        job.prompt,
        job.budget,
        job.draft,
        job.sample,
    )
