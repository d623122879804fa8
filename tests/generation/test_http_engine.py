"""Answers from a server: what it writes freely is that of our own loop, what it may not write is written again."""

from __future__ import annotations

import math
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from biomatrix.entities import Protein
from biomatrix.errors import ConfigurationError, ServerError, UnsupportedError
from biomatrix.generation import Model, Request, Sampling, load
from biomatrix.generation.events import Finished, SegmentToken
from biomatrix.generation.http_engine import HttpEngine
from biomatrix.generation.json_client import JsonClient, RequestRefused

from .completions_server import Server, serving

GREEDY = Sampling(greedy=True)
PROTEIN = Protein("MKVLAAGWTYHE")
UNGUIDED = [
    Request("Make a molecule.", "molecule_selfies", sampling=GREEDY, max_new_tokens=25, guided=False),
    Request("Write a protein.", "protein_sequence", sampling=GREEDY, max_new_tokens=25, guided=False),
    Request(["Describe ", PROTEIN, "."], sampling=GREEDY, max_new_tokens=20, guided=False),
    Request("", "protein_sequence", sampling=GREEDY, raw=True, max_new_tokens=8, guided=False),
]


@pytest.fixture(scope="module")
def nano() -> Model:
    return load("nano")


@pytest.fixture(scope="module")
def servers(nano: Model) -> Iterator[dict[str, Server]]:
    kinds = {"extended": "ids", "logprobs": "logprobs", "ids": "text", "text": "text"}
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                serving(Server(nano, name if name in ("ids", "text") else "extended", tells=tells))
            )
            for name, tells in kinds.items()
        }


def engine_of(server: Server, nano: Model, **settings: Any) -> HttpEngine:
    server.bodies.clear()
    server.failures.clear()
    return HttpEngine(
        server.url,
        "nano-served",
        nano.vocabulary,
        **{"timeout": 20.0, "retries": 0, "context_length": 2048, **settings},
    )


@pytest.mark.parametrize("kind", ["extended", "logprobs", "ids", "text"])
def test_greedy_answers_are_those_of_our_own_loop(servers: dict[str, Server], nano: Model, kind: str) -> None:
    engine = engine_of(servers[kind], nano)
    expected = nano.engine.generate(UNGUIDED)
    found = engine.generate(UNGUIDED)
    for (theirs,), (ours,) in zip(found, expected, strict=True):
        assert theirs.token_ids == ours.token_ids
        assert theirs.finish_reason == ours.finish_reason
        assert theirs.error == ours.error
        told = [logprob for logprob in theirs.token_logprobs if not math.isnan(logprob)]
        if kind in ("extended", "logprobs"):
            assert theirs.logprob == pytest.approx(ours.logprob, abs=1e-2)
        assert told


def test_the_form_that_a_server_takes_is_found_once(servers: dict[str, Server], nano: Model) -> None:
    engine = engine_of(servers["text"], nano)
    engine.generate(UNGUIDED[:2], max_rows=1)
    shapes = [(type(body["prompt"]).__name__, "stop_token_ids" in body) for body in servers["text"].bodies]
    assert shapes == [("list", True), ("list", False), ("str", False), ("str", False)]
    engine.generate(UNGUIDED[:1])
    assert isinstance(servers["text"].bodies[-1]["prompt"], str)


def test_what_the_guide_would_not_have_allowed_is_refused_and_written_again(
    servers: dict[str, Server], nano: Model
) -> None:
    engine = engine_of(servers["extended"], nano, concurrency=4)
    request = Request("Make a molecule.", "molecule_selfies", (10, 20), num_samples=5, max_new_tokens=40, drafts=30)
    (group,) = engine.generate([request])
    assert sum(len(answer.refused) for answer in group) > 0
    for answer in group:
        assert answer.entity is not None, answer.error
        assert 10 <= len(answer.token_ids) - 1 <= 20  # behind them the end
    (again,) = engine.generate([replace(request, num_samples=2)])
    assert [one.token_ids for one in again] == [one.token_ids for one in group[:2]]
    assert servers["extended"].most_under_way > 1


def test_an_answer_that_misses_the_length_says_so(servers: dict[str, Server], nano: Model) -> None:
    engine = engine_of(servers["extended"], nano)
    request = Request("Make a molecule.", "molecule_selfies", 3, max_new_tokens=60, drafts=1)
    (answer,) = engine.generate([request])[0]
    assert answer.entity is None
    assert re.fullmatch(r"its length is \d+, not 3", str(answer.error))


@pytest.mark.parametrize("enforced_by", ["processor", "grammar"])
def test_a_server_that_is_told_keeps_the_length(servers: dict[str, Server], nano: Model, enforced_by: Any) -> None:
    if enforced_by == "grammar":
        pytest.importorskip("llguidance", reason="llguidance is not installed: biomatrix[constrain]")
    engine = engine_of(servers["extended"], nano, enforced_by=enforced_by)
    requests = [
        Request("Write a protein.", "protein_sequence", 9, sampling=GREEDY),
        Request("Write a protein.", "protein_sequence", (4, 6), num_samples=3),
        Request(["Fold ", PROTEIN], "protein_structure", 12, sampling=GREEDY),
    ]
    found, expected = engine.generate(requests), nano.engine.generate(requests)
    assert [found[n][0].token_ids for n in (0, 2)] == [expected[n][0].token_ids for n in (0, 2)]
    assert all(answer.entity is not None and not answer.refused for group in found for answer in group)
    assert all(4 <= len(answer.entity) <= 6 for answer in found[1])  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["extended", "text"])
def test_a_stream_writes_what_generate_writes(servers: dict[str, Server], nano: Model, kind: str) -> None:
    engine = engine_of(servers[kind], nano)
    request = replace(UNGUIDED[1], sampling=Sampling(seed=2), num_samples=2)
    events = list(engine.stream(request))
    finished = {event.sample: event.answer for event in events if isinstance(event, Finished)}
    expected = engine.generate([request])[0]
    assert [finished[n].token_ids for n in range(2)] == [answer.token_ids for answer in expected]
    assert sum(isinstance(event, SegmentToken) for event in events) > 10


def test_scores_are_told_by_an_echo(servers: dict[str, Server], nano: Model) -> None:
    request = Request("Write a protein.")
    found = engine_of(servers["extended"], nano).score(request, PROTEIN)
    expected = nano.engine.score(request, PROTEIN)
    assert found.token_ids == expected.token_ids
    assert found.token_logprobs == pytest.approx(expected.token_logprobs, abs=1e-3)
    with pytest.raises(UnsupportedError, match="does not tell how likely"):
        engine_of(servers["text"], nano).score(request, PROTEIN)


def test_passing_failures_are_waited_out(servers: dict[str, Server], nano: Model) -> None:
    waits: list[float] = []
    server = servers["extended"]
    soon = formatdate(usegmt=True)
    server.failures[:] = [(503, {}), "drop", (429, {"Retry-After": "7"}), (429, {"Retry-After": soon}), (500, {})]
    client = JsonClient(server.url, retries=5, wait=waits.append)
    body = {"model": "nano-served", "prompt": [1899], "max_tokens": 2, "temperature": 0.0, "top_p": 1.0}
    assert client.post("completions", body)["choices"]
    assert waits == [0.5, 1.0, 7.0, 0.0, 8.0]


@pytest.mark.parametrize(
    ("failure", "error", "message"),
    [
        ((503, {}), ServerError, r"answers 503 \(2 tries\): try again; ask again later"),
        ((429, {}), ServerError, "answers 429"),
        ("drop", ServerError, "is not reached"),
        ("slow", ServerError, r"no answer in time \(2 tries\)"),
        ("garbage", ServerError, "no JSON: '<html>"),
        ({"choices": []}, ServerError, "no completion"),
        ({"choices": [{"message": "hi"}]}, ServerError, "no completion"),
        ({"choices": [{"text": "x", "token_ids": [9_999_999]}]}, ServerError, "another model"),
        ((301, {"Location": "http://elsewhere"}), ConfigurationError, "redirects are not followed"),
    ],
)
def test_failures_say_what_and_where(
    servers: dict[str, Server], nano: Model, failure: Any, error: type[Exception], message: str
) -> None:
    server = servers["extended"]
    engine = engine_of(server, nano, timeout=0.4, retries=1)
    engine._writer._client._wait = lambda seconds: None  # type: ignore[attr-defined]
    server.failures[:] = [failure, failure]
    with pytest.raises(error, match=message) as caught:
        engine.generate(UNGUIDED[:1])
    if "no completion" not in message and "another model" not in message:
        assert server.url in str(caught.value)
    server.failures.clear()


@pytest.mark.parametrize("cut", ["cut", "error event"])
def test_a_stream_that_breaks_off_is_an_error(servers: dict[str, Server], nano: Model, cut: str) -> None:
    engine = engine_of(servers["extended"], nano)
    servers["extended"].failures[:] = [cut]
    with pytest.raises(ServerError, match="broke off"):
        list(engine.stream(UNGUIDED[1]))


def test_wrong_addresses_models_and_keys_are_refused(servers: dict[str, Server], nano: Model) -> None:
    vocabulary, url = nano.vocabulary, servers["extended"].url
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(ServerError, match=f"127.0.0.1:{port}/v1/models is not reached.*is the server running"):
            HttpEngine(f"http://127.0.0.1:{port}", None, vocabulary, retries=0)
    with pytest.raises(ConfigurationError, match="no model 'other'; it serves nano-served"):
        HttpEngine(url, "other", vocabulary)
    with pytest.raises(ConfigurationError, match="no address of a server"):
        HttpEngine("localhost:8000", None, vocabulary)
    with pytest.raises(ConfigurationError, match="give context_length"):
        HttpEngine(servers["ids"].url, None, vocabulary)
    with pytest.raises(ConfigurationError, match="enforced by one of"):
        HttpEngine(url, None, vocabulary, enforced_by="hope")  # type: ignore[arg-type]
    assert HttpEngine(url, None, vocabulary).context_length == nano.context_length
    with serving(Server(nano, "extended", key="secret")) as locked:
        with pytest.raises(ConfigurationError, match="401: Incorrect API key provided; give the key"):
            HttpEngine(locked.url, None, vocabulary)
        assert HttpEngine(locked.url, None, vocabulary, api_key="secret").generate(UNGUIDED[3:])


def test_a_request_that_no_form_of_is_taken_is_refused(servers: dict[str, Server], nano: Model) -> None:
    engine = engine_of(servers["ids"], nano, enforced_by="processor")
    with pytest.raises(RequestRefused, match="Unrecognized request arguments"):
        engine.generate([Request("Write.", "protein_sequence", 4)])


@pytest.mark.parametrize("seeds", ["following", "otherwise", "one choice"])
def test_samples_are_asked_for_together_where_that_changes_nothing(
    servers: dict[str, Server], nano: Model, seeds: str
) -> None:
    server = servers["extended"]
    request = Request("Write a protein.", "protein_sequence", num_samples=6, max_new_tokens=6, guided=False)
    alone = engine_of(server, nano).generate([request], max_rows=1)[0]
    assert all("n" not in body for body in server.bodies)
    server.seeds = seeds
    try:
        together = engine_of(server, nano).generate([request])[0]
    finally:
        server.seeds = "following"
    assert [one.token_ids for one in together] == [one.token_ids for one in alone]
    asked = [body.get("n", 1) for body in server.bodies]
    assert asked == ([2, 1, 6] if seeds == "following" else [2, *[1] * (len(asked) - 1)])
    assert len({one.token_ids for one in together}) > 1
