"""The benchmarks of scaling and of ablations: their law, their tokens, and the whole of both in small."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState

from biomatrix.corpus.shards import TokenShards
from biomatrix.entities.molecule.modalities.structure import split_joint

from .small_corpus import HELD_OUT, small_corpus

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
STRUCTURE = "molecule_structure"


@pytest.fixture(autouse=True)
def _precision_of_its_own() -> Iterator[None]:
    """Let runs compute in bf16 here and in float32 elsewhere: Accelerate keeps one precision for a process."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture(scope="module")
def rooms():  # type: ignore[no-untyped-def]
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        names = ("documents", "kept_runs", "power_law", "settings", "spelling", "structure_tokens")
        found = {name: importlib.import_module(f"training_runs.{name}") for name in names}
        scripts = {name: importlib.import_module(name) for name in ("ablations", "scaling")}
        yield SimpleNamespace(**found, **scripts)
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_corpus(tmp_path_factory.mktemp("corpus"))


def runs_of(seed: int, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sizes, tokens = (one.ravel() for one in np.meshgrid([4e5, 1.6e6, 6.4e6], [1e6, 2e6, 4e6]))
    bits = 40.0 * sizes**-0.05 * tokens**-0.12 * np.exp(np.random.default_rng(seed).normal(0, noise, len(sizes)))
    return sizes, tokens, bits


def test_a_law_is_found_and_noise_is_refused(rooms) -> None:  # type: ignore[no-untyped-def]
    law = rooms.power_law.fit(*runs_of(0, 0.003))
    assert law.fault == ""
    assert abs(law.of_size - 0.05) < 3 * law.size_error + 1e-3
    assert abs(law.of_data - 0.12) < 3 * law.data_error + 1e-3
    assert rooms.power_law.fit(*runs_of(0, 0.5)).fault
    with pytest.raises(ValueError, match="differ in both"):
        rooms.power_law.fit(np.full(9, 1e6), *runs_of(0, 0.0)[1:])


def test_joint_tokens_become_two_and_say_the_same(rooms, work) -> None:  # type: ignore[no-untyped-def]
    corpus = rooms.settings.RunCorpus.at(work)
    tokens = rooms.structure_tokens.FactoredTokens(corpus.vocabulary)
    symbols = {id_: symbol for symbol, id_ in tokens.symbols.items()}
    codes = {id_: code for code, id_ in tokens.codes.items()}
    block = corpus.vocabulary.block(STRUCTURE)
    names = dict(zip(block.ids.tolist(), block.tokens, strict=True))
    for ids in rooms.documents.drawn(corpus, STRUCTURE, 8, seed=1):
        two = tokens.rewritten(ids).tolist()
        assert len(two) == len(ids) + tokens.atoms(ids)
        for id_ in ids.tolist():
            part = split_joint(names[id_]) if id_ in names else None
            if part is None or part[1] < 0:
                assert two.pop(0) == id_
            else:
                assert (symbols[two.pop(0)], codes[two.pop(0)]) == part
        assert not two


def test_a_branch_learns_what_a_run_of_its_own_learns(rooms, work, tmp_path) -> None:  # type: ignore[no-untyped-def]
    corpus = rooms.settings.RunCorpus.at(work)
    settings = rooms.settings.RunSettings(8, 256, 32, 1, warmup=2, documents=4, threads=1)
    kept = rooms.kept_runs.KeptRuns(tmp_path / "branches")
    branched = dict(rooms.scaling.budgets(settings, corpus, kept, [4, 8], decay=0.5))
    for steps, found in branched.items():
        alone = rooms.settings.RunSettings(steps, 256, 32, 1, warmup=2, decay=0.5, documents=4, threads=1)
        whole = rooms.kept_runs.KeptRuns(tmp_path / "whole").run("whole", alone, corpus)
        assert found.learned == whole.learned
        assert found.held_out == whole.held_out
    assert not list((tmp_path / "branches").glob("trunk-*"))
    again = dict(rooms.scaling.budgets(settings, corpus, kept, [4, 8], decay=0.5))
    assert again == branched


def test_the_same_molecules_are_compared(rooms, work) -> None:  # type: ignore[no-untyped-def]
    corpus = rooms.settings.RunCorpus.at(work)
    documents, atoms = rooms.spelling.same_molecules(SimpleNamespace(corpus=corpus, held_out=2))
    assert {view: len(listed.ids) for view, listed in documents.items()} == dict.fromkeys(documents, 2)
    named = rooms.documents.by_record(corpus.held_out["molecule_smiles"])
    assert [code for _, code in named] == list(HELD_OUT)
    first = [rooms.spelling.heavy_atoms(ids, corpus.vocabulary) for ids in documents["molecule_smiles"].ids]
    second = [rooms.spelling.heavy_atoms(ids, corpus.vocabulary) for ids in documents["molecule_selfies"].ids]
    assert first == second
    assert sum(first) == atoms
    answer = np.append(documents["molecule_smiles"].ids[0][:-1], 0)  # does not end
    assert rooms.spelling.judged([documents["molecule_smiles"].ids[0], answer], "molecule_smiles", corpus.vocabulary)[
        "valid"
    ] == pytest.approx(0.5)


@pytest.mark.exhaustive
def test_both_scripts_run_and_go_on(rooms, work, tmp_path, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    for name, rows in (("scaling", 9), ("ablations", 14)):
        script, output = getattr(rooms, name), tmp_path / name
        monkeypatch.setattr(sys, "argv", [name, str(work), "--quick", "-o", str(output), "--threads", "1"])
        script.main()
        printed = capsys.readouterr().out
        written = (output / "quick" / f"{name}.md").read_text(encoding="utf-8")
        assert printed == written + "\n"
        values = json.loads((output / "quick" / f"{name}.json").read_text(encoding="utf-8"))
        told = values["runs"] if name == "scaling" else [one for s in values["studies"].values() for one in s["lines"]]
        assert len(told) == rows
        before = {path: path.stat().st_mtime_ns for path in output.rglob("figures.json")}
        script.main()
        capsys.readouterr()
        assert {path: path.stat().st_mtime_ns for path in output.rglob("figures.json")} == before
    factored = next((tmp_path / "ablations" / "quick" / "runs").glob("tokens-factored-*/train"))
    assert TokenShards(factored).num_tokens > 0
