"""The benchmark of protein codes as a language: its documents, draws and rule, and the whole of it in small."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from biomatrix.entities import Protein
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.entities.protein.structure.anchored.tokenizer import AnchoredTokenizer

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
CODES = 11
SOURCE = "biotite-dev/biotite"


@pytest.fixture(scope="module")
def rooms():  # type: ignore[no-untyped-def]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        names = ("chains", "documents", "folding", "model", "sentences", "training", "verdict")
        found = {name: importlib.import_module(f"code_language.{name}") for name in names}
        yield SimpleNamespace(**found, script=importlib.import_module("protein_language"))


@pytest.fixture(scope="module")
def sentences(rooms):  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(0)
    types = [generator.integers(1, 21, size=size) for size in (5, 9, 6, 3, 12)]
    codes = [(row * 7) % CODES for row in types]
    codes[1][4] = -1
    return rooms.sentences.Sentences(types, codes, np.arange(len(types)))


@pytest.fixture(scope="module")
def model(rooms):  # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    model = rooms.model.CodeLanguageModel(rooms.model.Sizes(rooms.documents.NUM_SYMBOLS, CODES, 32, 2, 2)).eval()
    for weight in model.parameters():
        weight.data *= 3.0  # far from indifferent
    return model


def test_each_document_asks_for_every_resolved_residue_of_both_strands(rooms, sentences) -> None:  # type: ignore[no-untyped-def]
    documents = rooms.documents
    for kind in (documents.FOLD, documents.DESIGN):
        batch = documents.documents(sentences, range(len(sentences)), np.full(len(sentences), kind))
        for row, (types, codes) in enumerate(zip(sentences.symbols, sentences.codes, strict=True)):
            asked_types, asked_codes = batch.wanted_symbols[row], batch.wanted_codes[row]
            assert asked_types[asked_types >= 0].tolist() == types[codes >= 0].tolist()
            assert asked_codes[asked_codes >= 0].tolist() == codes[codes >= 0].tolist()
        assert batch.num_tokens == 2 * sentences.num_atoms


@pytest.mark.parametrize("kind", ["FOLD", "DESIGN"])
def test_what_is_asked_is_not_seen_before(rooms, sentences, model, kind) -> None:  # type: ignore[no-untyped-def]
    which = np.array([getattr(rooms.documents, kind)])
    batch = rooms.documents.documents(sentences, [4], which)
    strand = "codes" if kind == "FOLD" else "symbols"
    changed = replace(sentences, **{strand: [*getattr(sentences, strand)[:4], getattr(sentences, strand)[4].copy()]})
    getattr(changed, strand)[4][7:] = 2  # of the strand said second
    other = rooms.documents.documents(changed, [4], which)
    known, later = (model(one.symbols, one.codes, one.positions, one.first)[0] for one in (batch, other))
    said = 12 + 1 + 7  # where residue 7 is asked: nothing before it and at it may differ
    assert torch.allclose(known[: said + 1], later[: said + 1], atol=1e-6)
    assert not torch.allclose(known[said + 1 :], later[said + 1 :], atol=1e-3)


def test_bits_do_not_depend_on_the_batch(rooms, sentences, model) -> None:  # type: ignore[no-untyped-def]
    apart, together = (rooms.documents.measure_chains(model, sentences, batch) for batch in (1, 4000))
    for name in ("codes", "sequence", "codes_given_sequence", "sequence_given_codes", "recovery"):
        assert getattr(apart, name) == pytest.approx(getattr(together, name), rel=1e-5)


def test_greedy_draws_are_the_likeliest_codes_and_types(rooms, sentences, model) -> None:  # type: ignore[no-untyped-def]
    documents, rows = rooms.documents, range(len(sentences))
    drawn = rooms.folding.draw_codes(model, sentences.symbols, 0.0, 0)
    batch = documents.documents(replace(sentences, codes=drawn), rows, np.full(len(rows), documents.FOLD))
    known = model(batch.symbols, batch.codes, batch.positions, batch.first)
    asked = batch.wanted_codes >= 0
    likeliest = model.code_logits(known[asked], batch.given_symbols[asked]).argmax(dim=-1)
    assert torch.equal(likeliest, batch.wanted_codes[asked])

    types = rooms.folding.draw_sequences(model, sentences.codes, 0.0, 0)
    batch = documents.documents(replace(sentences, symbols=types), rows, np.full(len(rows), documents.DESIGN))
    known = model(batch.symbols, batch.codes, batch.positions, batch.first)
    asked = batch.wanted_symbols >= 0
    likeliest = model.symbol_logits(known[asked])[:, 1 : documents.UNKNOWN + 1].argmax(dim=-1) + 1
    assert torch.equal(likeliest, batch.wanted_symbols[asked])


def test_draws_at_a_temperature_follow_the_seed(rooms, sentences, model) -> None:  # type: ignore[no-untyped-def]
    one, same, other = (rooms.folding.draw_codes(model, sentences.symbols, 1.0, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_codes_start_near_where_their_features_are_near(rooms, model) -> None:  # type: ignore[no-untyped-def]
    fresh = rooms.model.CodeLanguageModel(model.sizes)
    features = np.stack([np.arange(CODES), np.arange(CODES) ** 2], axis=1)
    fresh.start_codes_from(features, seed=0)
    for rows in (fresh.code_read.weight[:-1], fresh.code_head.weight):
        near = torch.nn.functional.cosine_similarity(rows[1:], rows[:-1]).mean()
        far = torch.nn.functional.cosine_similarity(rows[: CODES // 2], rows[-(CODES // 2) :]).mean()
        assert near > far + 0.2
        assert float(rows.detach().std()) == pytest.approx(0.02, rel=0.2)


def test_a_fold_agrees_with_itself_wherever_it_lies(rooms) -> None:  # type: ignore[no-untyped-def]
    chain = bundled_protein()
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    same = rooms.folding.agreement(chain, chain.backbone @ turn + 5.0).figures()
    assert same.pop("rmsd") < 1e-3
    assert all(value > 0.999 for value in same.values())
    mirrored = rooms.folding.agreement(chain, chain.backbone * (1, 1, -1))
    assert mirrored.lddt > 0.999  # distances do not tell hands apart; the others do
    assert mirrored.tm_score < 0.6
    assert mirrored.torsions < 0.3


def test_an_anchored_codec_can_be_decoded_by_its_steps_alone(rooms, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    chain = bundled_protein()
    tokenizer = rooms.chains.opened("anchored-4096:unread", [], tmp_path, tmp_path)
    codes = tokenizer.encode([chain])
    mending = AnchoredTokenizer(tokenizer.steps, tokenizer.slabs)
    (unread,), (read,) = tokenizer.decode(codes), mending.decode(codes)
    np.testing.assert_allclose(unread, read, atol=1e-3)
    with pytest.raises(SystemExit, match="geometric-256 is no tokenizer that can be opened as 'unread'"):
        rooms.chains.opened("geometric-256:unread", [], tmp_path, tmp_path)


def test_long_chains_are_cut_without_loss(rooms) -> None:  # type: ignore[no-untyped-def]
    chain = bundled_protein()
    codes = np.arange(len(chain), dtype=np.int16)
    part = rooms.chains.sentences([chain, chain], [codes, codes], 50)
    assert max(map(len, part.symbols)) <= 50
    mine = [row for row, source in zip(part.codes, part.sources, strict=True) if source == 1]
    assert np.array_equal(np.concatenate(mine), codes)
    letters = np.concatenate(part.symbols)[: len(chain)]
    assert "".join(rooms.chains.RESIDUE_TYPES[k - 1] for k in letters) == chain.sequence


def test_near_means_tie_and_far_ones_do_not(rooms) -> None:  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(0)
    base = generator.uniform(0.3, 0.6, size=200)

    def group(shift: float, tm_shift: float) -> list[dict[str, object]]:
        lddt, tm = (base + move + generator.normal(0, 0.02, 200) for move in (shift, tm_shift))
        return [{"folding": {"sampled": {"lddt": lddt.tolist(), "tm_score": tm.tolist()}}}]

    groups = {"far": group(-0.02, 0.1), "one": group(0.0, 0.0), "other": group(0.0, 0.02)}
    assert rooms.verdict.winners(groups) == ["other"]
    assert sorted(rooms.verdict.winners({"one": groups["one"], "again": group(0.0, 0.0)})) == ["again", "one"]


@pytest.mark.slow
def test_the_whole_benchmark_in_small(rooms: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chain = bundled_protein()
    parts = [(chain.sequence[k : k + 40], chain.backbone[k : k + 40]) for k in range(0, 120, 20)]
    _write_chains(tmp_path / "chains.parquet", [Protein(sequence, backbone) for sequence, backbone in parts])
    line = ["--chains", str(tmp_path / "chains.parquet"), "--work", str(tmp_path), "--steps", "2", "--batch", "256"]
    small = [
        "--width",
        "32",
        "--layers",
        "1",
        "--samples",
        "2",
        "--longest",
        "48",
        "--summary",
        str(tmp_path / "s.json"),
    ]
    rooms.script.main(["geometric-256", "geometric-256:open", *line, *small])
    records = [json.loads(text) for text in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert [record["tokenizer"] for record in records] == ["geometric-256", "geometric-256:open"]
    closed, opened = records
    assert closed["data"]["train chains"] == 4
    assert closed["own"]["RMSD, mean (A)"] < opened["own"]["RMSD, mean (A)"]
    assert np.mean(closed["folding"]["true codes"]["lddt"]) > 0.95
    assert 7.0 < closed["bits"]["codes"] < 9.0
    assert set(json.loads((tmp_path / "s.json").read_text())["folds best"]) <= {"geometric-256", "geometric-256:open"}
    assert "folds best" in capsys.readouterr().out


def _write_chains(path: Path, proteins: list[Protein]) -> None:
    """Write chains as `biomatrix.entities.protein.files.chain_table` reads them, the last two of split "test"."""
    rows = []
    for index, protein in enumerate(proteins):
        centred = protein.backbone - np.nanmean(protein.backbone, axis=(0, 1))
        coords = np.round(np.concatenate([centred, centred[:, 2:]], axis=1) * 100).astype(np.int16)
        rows.append(
            {
                "id": f"part{index}",
                "chain": "A",
                "sequence": protein.sequence,
                "coords": coords.ravel().tolist(),
                "res_num": list(range(1, len(protein) + 1)),
                "source_repo": SOURCE,
                "cluster30": index,
                "split": "test" if index >= len(proteins) - 2 else "train",
                "benchmark": [],
            }
        )
    types = {"coords": pa.list_(pa.int16()), "res_num": pa.list_(pa.int32()), "benchmark": pa.list_(pa.string())}
    columns = {name: pa.array([row[name] for row in rows], types.get(name)) for name in rows[0]}
    pq.write_table(pa.table(columns), path)
