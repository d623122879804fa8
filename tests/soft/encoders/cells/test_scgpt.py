"""scGPT: the network is torch's own, and a cell has one vector whatever its file, its batch and the day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from biomatrix import Cell, Molecule
from biomatrix.entities.cell.published import scgpt_bins
from biomatrix.errors import ConfigurationError, UnsupportedError, WeightsError
from biomatrix.soft.encoders import open_encoder
from biomatrix.soft.encoders.cells import ScGptEncoder, convert_scgpt
from biomatrix.soft.encoders.cells.cell_network import CellBatch

from .published import coding_genes, plain_hidden_states, scgpt_tensors, some_cells, write_scgpt

GENES = coding_genes(1500)
IDS = [gene for _, gene in GENES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("scgpt")
    write_scgpt(place / "published", [symbol for symbol, _ in GENES])
    convert_scgpt(place / "published", place / "converted")
    return place / "converted"


@pytest.fixture(scope="module")
def encoder(folder: Path) -> ScGptEncoder:
    return ScGptEncoder.from_pretrained(folder)


def test_hidden_states_are_those_of_a_plain_transformer(encoder: ScGptEncoder) -> None:
    written = [encoder.write(cell) for cell in some_cells(IDS, [7, 90, 300])]
    batch = CellBatch.of(written, encoder.pad)
    with torch.inference_mode():
        ours = encoder.network(batch.ids, batch.values, batch.is_read)
    tensors = scgpt_tensors(len(GENES) + 3, flash=False)
    theirs = plain_hidden_states(tensors, batch.ids, batch.values, ~batch.is_read)
    assert torch.where(batch.is_read[..., None], ours - theirs, 0.0).abs().max() < 1e-5
    assert theirs[batch.is_read].std() > 0.1


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_vectors_depend_on_neither_batch_nor_order(folder: Path, pooling: str) -> None:
    encoder = ScGptEncoder.from_pretrained(folder, pooling=pooling)
    cells = some_cells(IDS, [3, 700, 1, 60, 1400])
    vectors = encoder.encode(cells)
    assert vectors.shape == (5, 1, encoder.d)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1.0, atol=1e-5)
    np.testing.assert_allclose(encoder.encode(cells[::-1], batch_size=2)[::-1], vectors, atol=1e-5)
    np.testing.assert_allclose(np.concatenate([encoder.encode([cell]) for cell in cells]), vectors, atol=1e-5)
    draw = np.random.default_rng(1)
    orders = [draw.permutation(len(cell)) for cell in cells]
    shuffled = [replace(c, genes=c.genes[o], values=c.values[o]) for c, o in zip(cells, orders, strict=True)]
    np.testing.assert_array_equal(encoder.encode(shuffled), vectors)
    assert np.abs(vectors[1:] - vectors[:-1]).max() > 1e-2


def test_the_vector_is_the_first_position_or_the_mean_of_the_genes(folder: Path) -> None:
    (cell,) = some_cells(IDS, [40])
    encoder = ScGptEncoder.from_pretrained(folder, unit=False)
    batch = CellBatch.of([encoder.write(cell)], encoder.pad)
    assert batch.values[0, 0] == -2
    with torch.inference_mode():
        (states,) = encoder.network(batch.ids, batch.values, batch.is_read).numpy()
    np.testing.assert_allclose(encoder.encode([cell])[0, 0], states[0], atol=1e-6)
    mean = ScGptEncoder.from_pretrained(folder, pooling="mean", unit=False)
    np.testing.assert_allclose(mean.encode([cell])[0, 0], states[1:].mean(axis=0), atol=1e-5)


def test_genes_past_the_limit_are_cut_by_value(folder: Path) -> None:
    encoder = ScGptEncoder.from_pretrained(folder, length=101)
    (cell,) = some_cells(IDS, [900])
    kept = set(encoder.write(cell).ids[1:].tolist())
    assert len(kept) == 100
    inside = np.array([encoder.genes[gene] in kept for gene in cell.genes])
    assert cell.values[inside].min() >= cell.values[~inside].max()
    whole = ScGptEncoder.from_pretrained(folder).write(cell)
    bins = dict(zip(whole.ids.tolist(), whole.values, strict=True))  # of all genes, as its authors bin before they cut
    short = encoder.write(cell)
    assert [bins[number] for number in short.ids.tolist()] == short.values.tolist()


def test_ties_are_spread_evenly_and_never_drawn(encoder: ScGptEncoder, folder: Path) -> None:
    cell = Cell(np.array(IDS[:1000], dtype=object), np.repeat(np.float32([1, 2, 5, 9]), [600, 250, 149, 1]))
    bins = encoder.write(cell).values[1:]
    np.testing.assert_array_equal(bins, encoder.write(cell).values[1:])
    assert bins.min() == 1
    assert bins.max() == 50
    assert (np.diff(bins) <= 0).all()
    counts = np.bincount(bins[bins <= 29].astype(int))[1:]  # the bins that the value of 600 genes bounds
    assert counts.min() >= 20
    assert counts.max() <= 22
    lowest = ScGptEncoder.from_pretrained(folder, ties="lowest")
    values = cell.values[np.argsort(-cell.values, kind="stable")]
    np.testing.assert_array_equal(lowest.write(cell).values[1:], scgpt_bins(values)[0])
    assert lowest.hash != encoder.hash


def test_a_saved_folder_opens_as_it_was(folder: Path, tmp_path: Path) -> None:
    encoder = ScGptEncoder.from_pretrained(folder, pooling="mean", length=64)
    encoder.save_pretrained(tmp_path / "saved")
    again = ScGptEncoder.from_pretrained(tmp_path / "saved")
    assert (again.hash, again.pooling, again.max_length) == (encoder.hash, "masked mean", 64)
    cells = some_cells(IDS, [200])
    np.testing.assert_array_equal(again.encode(cells), encoder.encode(cells))


def test_what_cannot_be_encoded_is_refused_each_on_its_own(encoder: ScGptEncoder) -> None:
    (cell,) = some_cells(IDS, [20])
    none = Cell(np.array([], dtype=object), np.array([], dtype=np.float32))
    strange = Cell(np.array(["ENSG99999999999"], dtype=object), np.ones(1, dtype=np.float32))
    found = encoder.encode_each([none, cell, strange, Molecule.from_smiles("CCO")])
    assert [isinstance(one, UnsupportedError) for one in found] == [True, False, True, True]
    assert "takes a cell, not a molecule" in str(found[3])
    with pytest.raises(UnsupportedError, match=r"record 3: none of the 1 genes"):
        encoder.encode([cell, cell, strange])


def test_a_large_batch_goes_through_in_parts(encoder: ScGptEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = some_cells(IDS, [120, 90, 30, 20, 10, 5])
    whole = encoder.encode(cells)
    seen = []
    monkeypatch.setattr("biomatrix.soft.encoders.cells.cell_network.MOST_POSITIONS", 200)
    monkeypatch.setattr(
        encoder, "pooled", lambda batch: seen.append(batch.ids.shape) or type(encoder).pooled(encoder, batch)
    )
    np.testing.assert_allclose(encoder.encode(cells), whole, atol=1e-5)
    assert seen == [(1, 121), (2, 91), (3, 21)]


def test_several_vectors_are_means_of_runs_by_value(folder: Path) -> None:
    (cell,) = some_cells(IDS, [41])
    encoder = open_encoder(f"scgpt:{folder},pooling=mean,k=4,unit=false")
    assert (encoder.k, encoder.encode([cell]).shape) == (4, (1, 4, encoder.d))
    one = open_encoder(f"scgpt:{folder},pooling=mean,unit=false")
    runs = np.bincount(np.arange(41) * 4 // 41)
    np.testing.assert_allclose(runs @ encoder.encode([cell])[0] / 41, one.encode([cell])[0, 0], atol=1e-5)
    noted = replace(cell, notes=("of a reader",), obs={"type": "T cell"})
    assert one.key(noted) == one.key(cell)
    assert open_encoder(f"scgpt:{folder}").hash != one.hash


def test_settings_and_folders_that_make_no_sense_are_refused(folder: Path, tmp_path: Path) -> None:
    settings: tuple[dict[str, Any], ...] = ({"pooling": "pooler"}, {"ties": "random"}, {"length": 1}, {"k": 2})
    for one in settings:
        with pytest.raises(ConfigurationError):
            ScGptEncoder.from_pretrained(folder, **one)
    with pytest.raises(WeightsError, match=r"no scgpt to open.*biomatrix soft convert scgpt"):
        ScGptEncoder.from_pretrained(tmp_path)
