"""Whatever answers: our model, any model of Transformers, servers with and without our vocabulary, functions."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ConfigurationError, ServerError, UnsupportedError
from biomatrix.evaluation.answering import Answerer, Question
from biomatrix.evaluation.engine_answerer import EngineAnswerer
from biomatrix.evaluation.opening import Opening, open_answerer
from biomatrix.evaluation.plain_text import question_text, shown_prompt
from biomatrix.evaluation.run import Handling, run_benchmark
from biomatrix.evaluation.settings import Settings
from biomatrix.generation import Model, load
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.data_places import DataPlaces
from biomatrix.tasks.benchmarks.examples import Example

Reply = tuple[int, dict[str, Any]]


@contextmanager
def server(answer: Callable[[str, dict[str, Any]], Reply]) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """Run an OpenAI-compatible server that answers by a function; yield its address and what it was asked."""
    asked: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self.reply(200, {"object": "list", "data": [{"id": "served", "object": "model"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            path = self.path.removeprefix("/v1/")
            asked.append((path, body))
            self.reply(*answer(path, body))

        def reply(self, status: int, content: dict[str, Any]) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_address[1]}/v1", asked
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


def chat(path: str, body: dict[str, Any]) -> Reply:
    """Answer a conversation with the number of letters C that it holds."""
    if path != "chat/completions":
        return 404, {"error": {"message": "no such path"}}
    content = str(body["messages"][0]["content"].rpartition(" ")[2].upper().count("C"))
    return 200, {"choices": [{"message": {"role": "assistant", "content": content}}]}


def plain(path: str, body: dict[str, Any]) -> Reply:
    """Answer only plain prompts, and no seeds."""
    if path != "completions":
        return 404, {"error": {"message": "no such path"}}
    if "seed" in body:
        return 400, {"error": {"message": "Unrecognized request arguments: ['seed']"}}
    return 200, {"choices": [{"text": "4"}]}


@pytest.fixture(scope="module")
def nano() -> Model:
    return load("nano")


@pytest.fixture(scope="module")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a random Llama that knows nothing of entities."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    letters = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    backend = Tokenizer(models.BPE({**letters, "<end>": 256}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<end>")
    torch.manual_seed(0)
    network = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=257, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
            max_position_embeddings=64, bos_token_id=256, eos_token_id=256,
        )
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("llama")
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def run(benchmark: Benchmark, answerer: Answerer, places: DataPlaces, folder: Path, **settings: Any) -> dict[str, Any]:
    return run_benchmark(benchmark, answerer, places, Settings(**settings), folder, Handling(batch=5))


@pytest.mark.slow
@pytest.mark.parametrize("notation", ["smiles", "selfies"])
def test_nano_answers_the_same_in_any_batch(
    notation: str, copy: Benchmark, count: Benchmark, here: DataPlaces, tmp_path: Path
) -> None:
    answerer = open_answerer("nano")
    for benchmark in (copy, count):
        results = [
            run_benchmark(
                benchmark, answerer, here, Settings(limit=4, notation=notation), tmp_path / f"{benchmark.name}{batch}",  # type: ignore[arg-type]
                Handling(batch=batch),
            )
            for batch in (1, 3, 64)
        ]  # fmt: skip
        for result in results:
            del result["times"]
        assert results[0] == results[1] == results[2]
        assert results[0]["counts"]["with_fault"] == 0  # they are held to the grammar, or are numbers


def test_nano_is_known_by_its_weights(nano: Model) -> None:
    answerer = open_answerer("nano")
    assert isinstance(answerer, EngineAnswerer)
    assert answerer.description["model_hash"] == nano.engine.model_hash  # type: ignore[attr-defined]
    assert answerer.description["engine"] == "transformers"


def test_an_engine_replies_to_what_it_refuses_and_to_the_rest(nano: Model, copy: Benchmark) -> None:
    answerer = EngineAnswerer(nano.engine, "nano", {})
    example = Example("0", {})
    asked = [
        Question(copy, example, ("Make ethanol.",), "molecule_smiles", seed=3),
        Question(copy, example, ("word " * 5000,), "molecule_smiles"),
        Question(copy, example, ("Make ethanol.",), "molecule_smiles", constraints=("nonsense=1",)),
        Question(copy, example, ("Make a chain.",), "protein_sequence", length=4, seed=3),
    ]
    replies = answerer.answer(asked)
    assert [bool(reply.error) for reply in replies] == [False, True, True, False]
    assert replies[0].entity is not None
    assert len(str(replies[3].entity and replies[3].entity.sequence)) == 4  # type: ignore[attr-defined]
    assert replies[0].raw == answerer.answer(asked[:1])[0].raw
    assert replies[0].logprob < 0
    assert "valences and aromaticity" in replies[0].checks


def test_questions_as_plain_text(count: Benchmark) -> None:
    molecule, chain = Molecule.from_smiles("CCO"), Protein("MKV")
    parts = ("Is ", (molecule, "molecule_smiles"), " or ", (molecule, "molecule_selfies"), " in ", chain, " ",
             (chain, "protein_sequence"), "?")  # fmt: skip
    text = question_text(Question(count, Example("0", {}), parts))
    assert text == "Is CCO or [C][C][O] in MKV MKV?"
    folded = Question(count, Example("0", {}), ("Name ", (chain, "protein_structure")))
    with pytest.raises(UnsupportedError, match="protein_structure"):
        question_text(folded)
    assert shown_prompt(folded.prompt) == "Name {protein_structure of MKV}"
    with pytest.raises(UnsupportedError, match="cannot write"):
        question_text(Question(count, Example("0", {}), ("Fold.",), "protein_structure"))


@pytest.mark.slow
def test_any_model_of_transformers_is_asked_in_text(
    text_model: Path, copy: Benchmark, count: Benchmark, here: DataPlaces, tmp_path: Path
) -> None:
    answerer = open_answerer(str(text_model))
    assert answerer.description["prompt"] == "plain"
    first = run(copy, answerer, here, tmp_path / "first", limit=4)
    again = run_benchmark(copy, answerer, here, Settings(limit=4), tmp_path / "again", Handling(batch=1))
    assert {**first, "times": 0} == {**again, "times": 0}
    assert first["counts"]["answers"] == 8
    question = Question(count, Example("0", {}), ("x" * 100,))
    (reply,) = answerer.answer([question])
    assert "100" in reply.error or "101" in reply.error
    assert "64" in reply.error


def test_a_server_is_asked_in_conversations(count: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    with server(chat) as (url, asked):
        answerer = open_answerer(url)
        result = run(count, answerer, here, tmp_path / "run")
        assert result["model"]["description"] == {"engine": "server", "url": url, "served_as": "served"}
    assert result["counts"] == {"answers": 24, "not_asked": 0, "with_fault": 0, "empty": 0}
    assert {path for path, _ in asked} == {"chat/completions"}
    assert asked[0][1]["temperature"] == 0
    assert asked[0][1]["max_tokens"] == 6
    assert result["scores"]["within_one"]["value"] > 0.3


def test_a_server_without_conversations_and_seeds_is_asked_otherwise(
    count: Benchmark, here: DataPlaces, tmp_path: Path
) -> None:
    with server(plain) as (url, asked):
        result = run(count, open_answerer(url), here, tmp_path / "run")
    assert result["counts"]["not_asked"] == 0
    assert [path for path, _ in asked].count("chat/completions") == 1
    assert len(asked) == 24 + 2  # it was found out once


def test_a_server_that_is_gone_ends_the_run_and_keeps_its_answers(
    count: Benchmark, here: DataPlaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    left = [12]

    def breaks(path: str, body: dict[str, Any]) -> Reply:
        left[0] -= 1
        return chat(path, body) if left[0] > 0 else (200, {"nothing": True})

    with server(breaks) as (url, _):
        answerer = open_answerer(url)
        with pytest.raises(ServerError, match="no completion"):
            run(count, answerer, here, tmp_path / "run")
        assert len(list((tmp_path / "run" / "parts").glob("*.parquet"))) == 2
        left[0] = 1000
        result = run(count, answerer, here, tmp_path / "run")
    assert result["counts"]["answers"] == 24


@pytest.mark.slow
def test_a_served_nano_answers_as_nano_does(nano: Model, copy: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    served = _completions_server()
    with served.serving(served.Server(nano, "extended")) as running:
        answerer = open_answerer(running.url, Opening(vocabulary="nano"))
        theirs = run(copy, answerer, here, tmp_path / "served", limit=3, constrained=False, temperature=0)
        local = open_answerer("nano")
        ours = run(copy, local, here, tmp_path / "local", limit=3, constrained=False, temperature=0)
    assert theirs["scores"] == ours["scores"]
    assert theirs["counts"] == ours["counts"]
    assert theirs["model"] != ours["model"]


def _completions_server() -> Any:
    """Return the module of the server that runs a model of this package."""
    path = Path(__file__).parents[1] / "generation" / "completions_server.py"
    spec = importlib.util.spec_from_file_location("served_completions", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["served_completions"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_such_module:function", "names nothing"),
        ("own_benchmark_parts:nothing", "names nothing"),
        ("own_benchmark_parts:DEFINITIONS", "name a function"),
        ("nona", "no model 'nona'"),
        ("http://", "no address"),
    ],
)
def test_names_of_nothing_are_refused(name: str, words: str) -> None:
    with pytest.raises(ConfigurationError if ":" in name else Exception, match=words):
        open_answerer(name)
