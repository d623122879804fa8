"""The engines by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.generation import Model, Request, Sampling
from biomatrix.generation.engines import ENGINES, open_named_engine

from .completions_server import Server, serving

ASKED = Request("Write a protein.", "protein_sequence", 6, sampling=Sampling(greedy=True))


def test_an_engine_is_opened_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = open_named_engine("transformers", "nano")
    expected = [answer.token_ids for answer in ours.generate([ASKED])[0]]
    with serving(Server(Model(ours), "extended", key="secret")) as server:
        monkeypatch.setenv("BIOMATRIX_API_KEY", "secret")
        theirs = open_named_engine("http", "nano", url=server.url, enforced_by="processor", retries=0)
        assert [answer.token_ids for answer in theirs.generate([ASKED])[0]] == expected
        named = open_named_engine("http", "nano", url=server.url, served_as="nano-served", api_key="secret")
        assert named.context_length == ours.context_length


def test_what_does_not_open_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="no engine named 'vlm'; did you mean vllm"):
        open_named_engine("vlm")
    with pytest.raises(ConfigurationError, match="missing 1 required keyword-only argument: 'url'"):
        open_named_engine("http", "nano")
    with pytest.raises(ConfigurationError, match="load takes no 'colour'"):
        open_named_engine("transformers", "nano", colour="red")
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(ConfigurationError, match=r"biomatrix\[vllm\]"):
        open_named_engine("vllm", "nano")


def test_names_alone_load_no_engine() -> None:
    code = "import sys, biomatrix.generation.engines as e; print(list(e.ENGINES), 'torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == f"{list(ENGINES)} False"
