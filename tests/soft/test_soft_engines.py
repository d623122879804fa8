"""Soft entities through other engines: vLLM by embeddings of the prompt, a server not at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import biomatrix as bm
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.generation import Model, Request, Sampling, load
from biomatrix.generation.events import Finished
from biomatrix.generation.vllm_engine import VllmEngine

from ..generation.adapters import vllm_llm
from ..generation.adapters.vllm_standin import HOMES, installed
from .nano_projectors import write_projectors

PROMPT = ["Does ", bm.Soft(bm.Molecule.from_smiles("CCO")), " bind ", bm.Soft(bm.Protein("MKVLAAGW")), "?"]
REQUESTS = [
    Request(PROMPT, sampling=Sampling(greedy=True), max_new_tokens=8),
    Request("Make a molecule.", "molecule_selfies", sampling=Sampling(greedy=True), max_new_tokens=8),
    Request(PROMPT, "protein_sequence", 6, sampling=Sampling(greedy=True)),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_projectors(load("nano"), tmp_path_factory.mktemp("projectors"))


@pytest.fixture(scope="module")
def vllm() -> Iterator[Any]:
    with installed(*HOMES):
        sys.modules["vllm"].LLM = vllm_llm.LLM  # type: ignore[attr-defined]
        sys.modules["vllm"].SamplingParams = vllm_llm.SamplingParams  # type: ignore[attr-defined]
        yield sys.modules["vllm"]


def opened(folder: Path, **arguments: Any) -> Model:
    return Model(VllmEngine.from_pretrained("nano", runner="v1", dtype="float32", **arguments)).with_soft(folder)


def test_vllm_gets_embeddings_of_the_prompt_and_answers_as_our_own_loop(vllm: Any, folder: Path) -> None:
    model, nano = opened(folder, enable_prompt_embeds=True), load("nano", soft=folder)
    llm = model.engine._writer._llm  # type: ignore[attr-defined]
    sent: list[Any] = []
    generate = llm.generate
    llm.generate = lambda prompts, *rest, **more: sent.extend(prompts) or generate(prompts, *rest, **more)
    found = model.engine.generate(REQUESTS)
    assert [sorted(prompt) for prompt in sent] == [["prompt_embeds"], ["prompt_token_ids"], ["prompt_embeds"]]
    ids = nano.prompt_ids(PROMPT)
    assert sent[0]["prompt_embeds"].shape == (len(ids), nano.network.config.hidden_size)
    assert sent[0]["prompt_embeds"].dtype == torch.float32
    wanted = load("nano", soft=folder).engine.generate(REQUESTS)
    assert [group[0].token_ids for group in found] == [group[0].token_ids for group in wanted]
    streamed = [event.answer for event in model.engine.stream(REQUESTS[0]) if isinstance(event, Finished)]
    assert streamed[0].token_ids == wanted[0][0].token_ids
    with pytest.raises(UnsupportedError, match="no log-probabilities of a prompt of embeddings"):
        model.score(PROMPT, "Yes.")


def test_vllm_without_prompts_of_embeddings_refuses_in_one_line(vllm: Any, folder: Path) -> None:
    model = opened(folder)
    with pytest.raises(ConfigurationError, match="enable_prompt_embeds=True"):
        model.generate(PROMPT, max_new_tokens=4)
    assert model.generate("Make a molecule.", max_new_tokens=4)


def test_a_writer_of_ids_alone_refuses_vectors(folder: Path) -> None:
    from biomatrix.generation.answering import AnsweringEngine
    from biomatrix.generation.http_writer import HttpWriter

    nano = load("nano", soft=folder)
    assert not getattr(HttpWriter, "reads_vectors", False)
    remote = AnsweringEngine(HttpWriter(None, "nano", nano.vocabulary, 1, "checks"), nano.vocabulary, 1024)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="sends token ids, and a vector in a prompt has none"):
        Model(remote).with_soft(folder)
    remote.resolver = nano.engine.resolver  # type: ignore[attr-defined]
    for ask in (lambda: remote.generate(REQUESTS), lambda: remote.score(REQUESTS[0], "Yes.")):
        with pytest.raises(UnsupportedError, match="sends token ids"):
            ask()
