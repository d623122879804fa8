"""An OpenAI-compatible server over the engine in this process: what a user would run, small, and able to fail.

It takes what servers of one of three kinds take: "extended" knows the fields that vLLM adds, "ids" refuses fields that
OpenAI does not name, and "text" refuses token ids too.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.table_automaton import ranges_of
from biomatrix.generation import Model, Sampling
from biomatrix.generation.adapters.guide_descriptions import Courses
from biomatrix.generation.jobs import Guide, Job
from biomatrix.generation.network_writer import NetworkWriter
from biomatrix.generation.unguided_automaton import UnguidedAutomaton
from biomatrix.vocabulary import Vocabulary

PLAIN = {"model", "prompt", "max_tokens", "temperature", "top_p", "seed", "stop", "logprobs", "echo", "stream", "n"}


class GrammarGuide:
    """A guide that llguidance keeps; the state is its matcher."""

    def __init__(self, model: Model, grammar: str) -> None:
        import llguidance

        self.ids = np.flatnonzero(model.vocabulary.mask())
        self.matcher = llguidance.LLMatcher(grammar_tokenizer(model.vocabulary), grammar)

    def start(self, bounds: Bounds) -> NDArray[Any]:
        return np.array([self.matcher.deep_copy()], dtype=object)

    def allowed(self, states: States) -> Sequence[Ranges]:
        masks = [np.frombuffer(state[0].compute_bitmask(), dtype=np.uint8) for state in states]
        return [ranges_of(np.flatnonzero(np.unpackbits(mask, bitorder="little")).astype(np.int64)) for mask in masks]

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        following = np.empty_like(states)
        for row, id_ in enumerate(ids.tolist()):
            following[row, 0] = states[row, 0].deep_copy()
            assert following[row, 0].consume_token(id_)
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        return np.array([state[0].is_stopped() for state in states])


@cache
def grammar_tokenizer(vocabulary: Vocabulary) -> Any:
    """Return llguidance's own tokenizer of a vocabulary, which a server makes once."""
    import llguidance

    return llguidance.LLTokenizer(vocabulary.backend.to_str(), n_vocab=len(vocabulary), eos_token=vocabulary.ending_ids)


class Server:
    """The server's model, what it was asked, and how it fails next."""

    def __init__(self, model: Model, kind: str, *, key: str | None = None, tells: str = "ids") -> None:
        self.model, self.kind, self.key, self.tells = model, kind, key, tells
        self.writer = NetworkWriter(model.network, model.vocabulary)
        self.courses = Courses(model.vocabulary)
        self.bodies: list[dict[str, Any]] = []
        self.failures: list[Any] = []
        self.seeds = "following"
        """How several choices are seeded: each behind the last, otherwise, or there is one whatever is asked."""
        self.lock = threading.Lock()
        self.under_way = self.most_under_way = 0
        self.url = ""

    def models(self) -> dict[str, Any]:
        served: dict[str, Any] = {"id": "nano-served", "object": "model"}
        if self.kind == "extended":
            served["max_model_len"] = self.model.context_length
        return {"object": "list", "data": [served]}

    def fault(self, body: dict[str, Any]) -> str | None:
        if self.kind != "extended" and set(body) - PLAIN:
            return f"Unrecognized request arguments: {sorted(set(body) - PLAIN)}"
        if self.kind == "text" and not isinstance(body["prompt"], str):
            return "prompt must be a string"
        return "echo is not served" if body.get("echo") and self.kind == "text" else None

    def complete(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the choice of a completion in parts, one a token."""
        vocabulary = self.model.vocabulary
        prompt = body["prompt"]
        ids = vocabulary.backend.encode(prompt, add_special_tokens=False).ids if isinstance(prompt, str) else prompt
        if body.get("echo"):
            return [self._echo(ids)]
        named = [vocabulary.backend.token_to_id(token) for token in body.get("stop", ())]
        stops = [*body.get("stop_token_ids", ()), *named, *vocabulary.ending_ids]
        sampling = Sampling(body["temperature"], body["top_p"], seed=body.get("seed", 0))
        guide, state, budget = self._guide(body, stops)
        with self.lock:
            written = self.writer.write([Job(tuple(ids), 0, guide, state, budget, sampling)], 1)[0]
        spelled = written.ids[:-1] if written.complete and self.kind != "extended" else written.ids
        parts = [self._part((id_,), (logprob,)) for id_, logprob in zip(spelled, written.logprobs, strict=False)]
        ends: dict[str, Any] = {"finish_reason": "stop" if written.complete else "length"}
        if self.kind == "extended":
            ends["stop_reason"] = None if written.ids[-1] in vocabulary.ending_ids else written.ids[-1]
        parts.append({"text": "", "finish_reason": None})
        parts[-1] = {**parts[-1], **ends}
        return parts

    def choices(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the choices of a completion, each seeded as vLLM does: by its index beyond the seed of the first."""
        if self.seeds == "one choice":
            return [whole(self.complete(body))]
        step = 1 if self.seeds == "following" else 7
        seeds = [body.get("seed", 0) + step * index for index in range(body.get("n", 1))]
        return [{**whole(self.complete({**body, "seed": seed})), "index": at} for at, seed in enumerate(seeds)][::-1]

    def _guide(self, body: dict[str, Any], stops: list[int]) -> tuple[Guide, NDArray[Any], int]:
        told = body.get("vllm_xargs", {}).get("biomatrix")
        if told is not None:
            course = self.courses.course(told)
            return course.guide, course.start, course.budget
        grammar = body.get("structured_outputs", {}).get("grammar")
        free = UnguidedAutomaton(np.flatnonzero(self.model.vocabulary.mask()), stops)
        guide: Guide = free if grammar is None else GrammarGuide(self.model, grammar)
        return guide, guide.start(Bounds(body["max_tokens"])), body["max_tokens"]

    def _part(self, ids: tuple[int, ...], logprobs: tuple[float, ...]) -> dict[str, Any]:
        part: dict[str, Any] = {"text": self.model.vocabulary.text(ids), "finish_reason": None}
        tokens = [f"token_id:{id_}" for id_ in ids] if self.tells == "logprobs" else [part["text"]]
        part["logprobs"] = {"tokens": tokens, "token_logprobs": list(logprobs)}
        if self.tells == "ids" and self.kind == "extended":
            part["token_ids"] = list(ids)
        return part

    def _echo(self, ids: list[int]) -> dict[str, Any]:
        logprobs = [None, *self.writer.token_logprobs(ids[:1], ids[1:])]
        return {"text": "", "finish_reason": "length", "logprobs": {"token_logprobs": logprobs, "tokens": []}}


def whole(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the parts of a choice as one."""
    choice: dict[str, Any] = {**parts[-1], "index": 0, "text": "".join(part["text"] for part in parts)}
    told = [part["logprobs"] for part in parts if "logprobs" in part]
    choice["logprobs"] = {key: [each for one in told for each in one[key]] for key in ("tokens", "token_logprobs")}
    if any("token_ids" in part for part in parts):
        choice["token_ids"] = [id_ for part in parts for id_ in part.get("token_ids", ())]
    return choice


def handler_of(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            return

        def do_GET(self) -> None:
            if self.allowed():
                self.reply(200, server.models() if self.path == "/v1/models" else {}, {})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.bodies.append(body)
            if not self.allowed() or (server.failures and self.fail(server.failures.pop(0))):
                return
            fault = server.fault(body)
            if body["model"] != "nano-served":
                self.reply(404, {"error": {"message": f"The model {body['model']} does not exist"}}, {})
            elif fault is not None:
                self.reply(400, {"error": {"message": fault, "type": "invalid_request_error"}}, {})
            else:
                self.answer(body)

        def answer(self, body: dict[str, Any]) -> None:
            with server.lock:
                server.under_way += 1
                server.most_under_way = max(server.most_under_way, server.under_way)
            time.sleep(0.05)
            try:
                if body.get("stream"):
                    self.events(server.complete(body))
                else:
                    self.reply(200, {"object": "text_completion", "choices": server.choices(body)}, {})
            finally:
                with server.lock:
                    server.under_way -= 1

        def events(self, parts: list[dict[str, Any]]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            cut = server.failures.pop(0) if server.failures else None
            for number, part in enumerate(parts):
                if cut is not None and number == 2:
                    if cut == "error event":
                        self.wfile.write(b'data: {"error": {"message": "out of memory"}}\n\n')
                    return
                event = {"object": "text_completion", "choices": [{**part, "index": 0}]}
                self.wfile.write(f": a comment\n\ndata: {json.dumps(event)}\n\n".encode())
            self.wfile.write(b'data: {"choices": [], "usage": {}}\n\ndata: [DONE]\n\n')

        def allowed(self) -> bool:
            if server.key is None or self.headers.get("Authorization") == f"Bearer {server.key}":
                return True
            self.reply(401, {"error": {"message": "Incorrect API key provided"}}, {})
            return False

        def fail(self, how: Any) -> bool:
            """Fail as asked; return whether that was all."""
            if how == "drop":
                self.connection.shutdown(socket.SHUT_RDWR)
            elif how == "garbage":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"<html>It works!</html>")
            elif how == "slow":
                time.sleep(1.0)
            elif isinstance(how, dict):
                self.reply(200, how, {})
            elif isinstance(how, tuple):
                self.reply(how[0], {"message": "try again"}, how[1])
            else:
                server.failures.insert(0, how)
                return False
            return True

        def reply(self, status: int, answer: Any, headers: dict[str, str]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    return Handler


@contextmanager
def serving(server: Server, port: int = 0) -> Iterator[Server]:
    """Run a server on a port of this machine, any free one when not given."""
    listener = ThreadingHTTPServer(("127.0.0.1", port), handler_of(server))
    listener.daemon_threads = True
    server.url = f"http://127.0.0.1:{listener.server_address[1]}/v1"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
