"""Geneformer-shaped encoders: stock folders, Geneformer's own ids, and a mean over genes alone."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForMaskedLM

from biomatrix import Cell
from biomatrix.entities.cell.genes import geneformer_v1
from biomatrix.entities.cell.modalities.expression import CellExpression
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError, WeightsError
from biomatrix.soft.encoders import open_encoder
from biomatrix.soft.encoders.cells import GeneDictionary, GeneRankEncoder, convert_geneformer
from biomatrix.soft.encoders.cells.gene_dictionary import CellTokens

from .published import coding_genes, some_cells

IDS = [gene for _, gene in coding_genes(400) if gene in geneformer_v1().rows]
SPECIAL = {"<pad>": 0, "<mask>": 1, "<cls>": 2, "<eos>": 3}


def published(folder: Path, size: int, positions: int = 128, **settings: Any) -> BertForMaskedLM:
    """Write a small masked-LM BERT as published: with its head, without a pooler."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=positions,
        hidden_act="relu",
        pad_token_id=0,
        initializer_range=0.3,
        **settings,
    )
    network = BertForMaskedLM(config).eval()
    network.save_pretrained(folder)
    return network


@pytest.fixture(scope="module")
def v1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("v1")
    published(folder, 25_426, positions=2048)
    return folder


@pytest.fixture(scope="module")
def second() -> GeneDictionary:
    """A dictionary in the form of V2: framed, with ids and medians of its own."""
    draw = np.random.default_rng(0)
    genes = np.array(IDS, dtype=object)
    return GeneDictionary.of(genes, np.arange(4, 4 + len(IDS)), draw.uniform(0.5, 4.0, len(IDS)), SPECIAL)


def test_geneformer_v1_reads_the_ids_of_its_own_tokenizer(shared: Path, v1: Path) -> None:
    from pyarrow.parquet import read_table

    from ....entities.cell.sets import opened

    folder = shared / "data/single_cell"
    expected = read_table(folder / "cell_lines_protocols/expected_geneformer_v1.parquet").to_pydict()
    cells = opened(shared, "cell_lines_protocols")
    rows = {name: row for row, name in enumerate(cells.adata.obs_names)}
    for vocabulary in (None, folder / "genes/geneformer_v1.parquet"):
        encoder = GeneRankEncoder.from_pretrained(v1, vocabulary=vocabulary)
        for name, ids in list(zip(expected["cell"], expected["input_ids"], strict=True))[::6]:
            assert encoder.write(cells.cell(rows[name])).ids.tolist() == list(ids)


def test_the_vector_is_the_mean_over_genes_of_the_stock_network(tmp_path: Path, second: GeneDictionary) -> None:
    stock = published(tmp_path, second.size)
    encoder = GeneRankEncoder.from_pretrained(tmp_path, vocabulary=second)
    cells = some_cells(IDS, [1, 90, 17, 300])
    vectors = encoder.encode(cells)
    assert vectors.shape == (4, 1, 32)
    for cell, vector in zip(cells, vectors, strict=True):
        ids = encoder.write(cell).ids
        assert (ids[0], ids[-1], len(ids)) == (2, 3, min(len(cell) + 2, 128))
        with torch.inference_mode():
            states = stock.bert(input_ids=torch.from_numpy(ids)[None]).last_hidden_state[0, 1:-1]
        np.testing.assert_allclose(vector[0], states.mean(dim=0).numpy(), atol=1e-5)
    np.testing.assert_allclose(encoder.encode(cells[::-1], batch_size=3)[::-1], vectors, atol=1e-5)
    for cell, vector in zip(cells, vectors, strict=True):
        order = np.random.default_rng(2).permutation(len(cell))
        shuffled = replace(cell, genes=cell.genes[order], values=cell.values[order])
        np.testing.assert_allclose(encoder.encode([shuffled])[0], vector, atol=1e-5)


def test_the_first_genes_by_value_over_median_are_read(tmp_path: Path, second: GeneDictionary) -> None:
    published(tmp_path, second.size)
    encoder = GeneRankEncoder.from_pretrained(tmp_path, vocabulary=second, length=12)
    (cell,) = some_cells(IDS, [200])
    codes = second.tokens.of(cell.genes)
    order = np.argsort(-cell.values / second.medians[codes], kind="stable")
    assert encoder.write(cell).ids[1:-1].tolist() == second.ids[codes[order[:10]]].tolist()


def test_a_folder_describes_itself(tmp_path: Path, second: GeneDictionary) -> None:
    published(tmp_path / "a", second.size)
    second.save(tmp_path / "a" / "genes.parquet")
    encoder = GeneRankEncoder.from_pretrained(tmp_path / "a", length=64)
    encoder.save_pretrained(tmp_path / "b")
    again = GeneRankEncoder.from_pretrained(tmp_path / "b")
    assert (again.hash, again.max_length) == (encoder.hash, 64)
    assert open_encoder(f"gene_rank:{tmp_path / 'a'}").hash != encoder.hash
    assert open_encoder(f"gene_rank:{tmp_path / 'a'},length=64").hash == encoder.hash
    assert open_encoder(f"gene_rank:{tmp_path / 'b'},k=4").encode(some_cells(IDS, [9])).shape == (1, 4, 32)
    cells = some_cells(IDS, [100, 20])
    np.testing.assert_array_equal(again.encode(cells), encoder.encode(cells))


def test_our_own_tokens_are_read_too(tmp_path: Path) -> None:
    vocabulary = CellTokens(CellExpression("runs", 50, genes=IDS))
    published(tmp_path / "a", vocabulary.size)
    encoder = GeneRankEncoder.from_pretrained(tmp_path / "a", vocabulary=vocabulary)
    (cell,) = some_cells(IDS, [100])
    tokens = vocabulary.modality.encode(cell)
    ids = encoder.write(cell).ids
    assert [vocabulary.modality.texts[number - 4] for number in ids[1:-1].tolist()] == tokens
    encoder.save_pretrained(tmp_path / "b")
    again = GeneRankEncoder.from_pretrained(tmp_path / "b")
    assert again.hash == encoder.hash
    np.testing.assert_array_equal(again.encode([cell]), encoder.encode([cell]))


def test_what_does_not_fit_the_network_is_refused(tmp_path: Path, second: GeneDictionary) -> None:
    published(tmp_path, second.size)
    for length in (129, 2):
        with pytest.raises(ConfigurationError, match=f"128 of a cell, not {length}"):
            GeneRankEncoder.from_pretrained(tmp_path, vocabulary=second, length=length)
    with pytest.raises(ConfigurationError, match=r"the vocabulary has 25,426"):
        GeneRankEncoder.from_pretrained(tmp_path, vocabulary=GeneDictionary.geneformer_v1())
    with pytest.raises(ConfigurationError, match=r"put their dictionary there as genes\.parquet"):
        GeneRankEncoder.from_pretrained(tmp_path)
    none = Cell(np.array([], dtype=object), np.array([], dtype=np.float32))
    other = Cell(np.array(IDS[:3], dtype=object), np.ones(3, dtype=np.float32), "other")
    found = GeneRankEncoder.from_pretrained(tmp_path, vocabulary=second).encode_each([none, other])
    assert all(isinstance(one, UnsupportedError) for one in found)


def test_folders_that_are_no_stock_safetensors_bert_are_refused(tmp_path: Path, second: GeneDictionary) -> None:
    from safetensors.torch import load_file, save_file

    def changed(name: str, **changes: Any) -> Path:
        published(tmp_path / name, second.size)
        told = json.loads((tmp_path / name / "config.json").read_text())
        (tmp_path / name / "config.json").write_text(json.dumps({**told, **changes}))
        return tmp_path / name

    pickled = changed("pickle")
    torch.save(load_file(pickled / "model.safetensors"), pickled / "pytorch_model.bin")
    (pickled / "model.safetensors").unlink()
    damaged = changed("damaged")
    tensors = load_file(damaged / "model.safetensors")
    del tensors["bert.encoder.layer.1.output.dense.bias"]
    save_file({**tensors, "bert.extra": torch.zeros(2)}, damaged / "model.safetensors", {"format": "pt"})
    cases = [
        (pickled, "the weights are pickled"),
        (damaged, r"1 missing keys, such as .*layer\.1\.output\.dense\.bias; 1 unexpected keys, such as .*extra"),
        (changed("code", auto_map={"AutoModel": "evil.Model"}), "auto_map"),
        (changed("decoder", is_decoder=True), "is_decoder is True"),
        (changed("other", model_type="gpt2"), "model_type is 'gpt2'"),
        (tmp_path / "nowhere", "no such folder"),
    ]
    for folder, words in cases:
        with pytest.raises(WeightsError, match=words) as caught:
            GeneRankEncoder.from_pretrained(folder, vocabulary=second)
        assert "\n" not in str(caught.value)


def test_published_dictionaries_become_parquet_and_no_code_of_them_runs(tmp_path: Path) -> None:
    ids = {**SPECIAL, **{gene: place + 4 for place, gene in enumerate(IDS)}}
    medians = {gene: np.float64(1.5 + place) for place, gene in enumerate(IDS[:-1])}
    (tmp_path / "tokens.pkl").write_bytes(pickle.dumps(ids))
    (tmp_path / "medians.pkl").write_bytes(pickle.dumps(medians))
    told = convert_geneformer(tmp_path / "tokens.pkl", tmp_path / "medians.pkl", tmp_path / "genes.parquet")
    assert (told.ids, told.genes, told.special) == (len(ids), len(IDS) - 1, tuple(SPECIAL))
    made = GeneDictionary.read(tmp_path / "genes.parquet")
    assert made.size == len(ids)
    assert {gene: float(median) for gene, median in zip(made.genes, made.medians, strict=True)} == medians
    assert dict(zip(made.genes, made.ids, strict=True)) == {gene: ids[gene] for gene in medians}

    class Hostile:
        def __reduce__(self) -> tuple[Any, tuple[Path]]:
            return Path.mkdir, (tmp_path / "ran",)

    odd = pickle.dumps({"ENSG00000000003": np.complex128(1)}), pickle.dumps([1]), b"\x80\x04garbage"
    for content in (pickle.dumps({"a": Hostile()}), *odd):
        (tmp_path / "tokens.pkl").write_bytes(content)
        with pytest.raises(BioMatrixError, match=r"plain numbers|not numbers by name") as caught:
            convert_geneformer(tmp_path / "tokens.pkl", tmp_path / "medians.pkl", tmp_path / "other.parquet")
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()
