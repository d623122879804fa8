"""A BERN2 server, played by a real HTTP server in this process that answers in its documented form."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from biomatrix.corpus.linking.answer_cache import AnswerCache
from biomatrix.corpus.linking.bern2 import Bern2Linker
from biomatrix.corpus.linking.entity_tables import EntityTables
from biomatrix.corpus.linking.linker import Linking, Text
from biomatrix.corpus.linking.text_service import TextService
from biomatrix.errors import BioMatrixError, ConfigurationError


def annotation(text: str, word: str, identifiers: list[str], kind: str, **other: Any) -> dict[str, Any]:
    begin = text.index(word)
    span = {"begin": begin, "end": begin + len(word)}
    base = {"id": identifiers, "is_neural_normalized": False, "mention": word, "obj": kind, "prob": 0.99, "span": span}
    return {**base, **other}


class Server:
    """Answers texts by a function, and counts what it was asked; ``busy`` are the codes of its first answers."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self.answer, self.asked, self.busy = answer, [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
                outer.asked.append(text)
                code = outer.busy.pop(0) if outer.busy else 200
                answer = outer.answer(text)
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *of: Any) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/plain"


def answers(text: str) -> dict[str, Any]:
    known = {
        "aspirin": (["mesh:D001241"], "drug"),
        "MUK1": (["NCBIGene:7001"], "gene"),
        "flu": (["mesh:D7"], "disease"),
    }
    found = [annotation(text, word, *entry) for word, entry in known.items() if word in text]
    if "odd" in text:
        found += [
            annotation(text, "odd", ["CUI-less"], "drug"),
            annotation(text, "odd", ["mesh:D999"], "drug"),
            annotation(text, "odd", ["mesh:D001241"], "drug", span={"begin": 5, "end": 10**9}),
            annotation(text, "odd", ["mesh:D001241"], "drug", mention="even"),
            {"id": None},
        ]
    return {"annotations": found, "text": text, "timestamp": "now"}


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server(answers)
    thread = threading.Thread(target=one.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield one
    one.http.shutdown()
    thread.join()
    one.http.server_close()


@pytest.fixture
def linker(server: Server, identified: EntityTables, tmp_path: Path) -> Bern2Linker:
    service = TextService(server.url, timeout=5, retries=2, wait=0.01)
    return Bern2Linker(service, identified, AnswerCache(tmp_path / "answers"))


def one(result: Linking | BioMatrixError) -> Linking:
    assert isinstance(result, Linking)
    return result


def test_mentions_lead_to_the_entities_of_their_identifiers(linker: Bern2Linker) -> None:
    texts = ["aspirin against flu inhibits MUK1", "nothing here", "odd"]
    first, second, third = map(one, linker.link([Text(str(i), text) for i, text in enumerate(texts)]))
    assert [(m.start, m.end, m.kind) for m in first.mentions] == [(0, 7, "molecule"), (29, 33, "protein")]
    assert not first.unlinked, "a disease is none of the types that are looked up"
    assert second == Linking()
    assert not third.mentions
    assert third.unlinked["no identifier"] == 1
    assert third.unlinked["no entity of the identifier"] == 1
    assert sum(third.unlinked.values()) == 5


def test_answers_are_kept_and_broken_ones_asked_for_again(linker: Bern2Linker, server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        linker.link([Text("a", "aspirin")])
    assert server.asked == ["aspirin"]
    (kept,) = (tmp_path / "answers").rglob("*.json")
    kept.write_text('{"annotations":')
    assert len(one(linker.link([Text("a", "aspirin")])[0]).mentions) == 1
    assert server.asked == ["aspirin", "aspirin"]


def test_a_busy_server_is_asked_again_and_a_dead_one_ends_the_work(linker: Bern2Linker, server: Server) -> None:
    server.busy = [503, 429]
    assert one(linker.link([Text("a", "aspirin")])[0]).mentions
    server.busy = [500] * 3
    with pytest.raises(ConfigurationError, match="3 attempts"):
        linker.link([Text("a", "MUK1")])


def test_a_text_that_is_refused_or_answered_wrongly_is_an_error_of_its_own(linker: Bern2Linker, server: Server) -> None:
    server.busy = [400]
    (refused,) = linker.link([Text("a", "too long")])
    assert isinstance(refused, BioMatrixError)
    assert "400" in refused.message
    server.answer = lambda text: b"<html>" if text == "page" else {"error_code": 1, "error_message": "empty text"}
    page, fault = linker.link([Text("a", "page"), Text("b", "fault")])
    assert isinstance(page, BioMatrixError)
    assert isinstance(fault, BioMatrixError)
    assert "empty text" in fault.message
