"""The published checkpoint becomes a folder, and files that are something else are refused by name."""

from __future__ import annotations

import json
import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.entities import Molecule, MoleculeStructureTokenizer
from biomatrix.entities.molecule.structure.molstructok.conversion import convert_checkpoint
from biomatrix.entities.molecule.structure.molstructok.model import CodeModel
from biomatrix.errors import BioMatrixError, LimitError, WeightsError

Tensors = OrderedDict[str, Tensor]


@pytest.fixture
def tensors() -> Tensors:
    """The state dict of a small network: other sizes than published."""
    torch.manual_seed(0)
    return OrderedDict(CodeModel(num_codes=40, hidden=24, latent=16).state_dict())


@pytest.fixture(scope="module")
def molecules() -> list[Molecule]:
    return [Molecule.from_smiles(smiles).embed(seed=1) for smiles in ("CC(=O)Nc1ccc(O)cc1", "C[C@H](N)C(=O)O")]


def written(folder: Path, content: Any, name: str = "model.bin") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(content, folder / name)
    return folder / name


def test_a_converted_file_gives_the_codes_of_its_tensors(
    tmp_path: Path, tensors: Tensors, molecules: list[Molecule]
) -> None:
    done = convert_checkpoint(written(tmp_path, tensors), tmp_path / "converted")
    assert (done.num_codes, done.hidden, done.latent, done.decoders) == (40, 24, 16, ("branch",))
    save_file({name: value.numpy() for name, value in tensors.items()}, tmp_path / "plain.safetensors")
    opened = MoleculeStructureTokenizer.from_pretrained(done.folder)
    plain = MoleculeStructureTokenizer.from_pretrained(tmp_path / "plain.safetensors")
    assert opened.fingerprint == plain.fingerprint == done.fingerprint
    for a, b in zip(opened.encode(molecules), plain.encode(molecules), strict=True):
        np.testing.assert_array_equal(a.codes, b.codes)
    assert opened.config["licence"] == "Apache-2.0"
    assert opened.config["origin"]["sha256"] == done.origin_sha256


def test_the_path_says_nothing(tmp_path: Path, tensors: Tensors) -> None:
    odd = written(tmp_path / "both", tensors, "both_hid7_lat9_voc3.bin")
    assert convert_checkpoint(odd, tmp_path / "out").num_codes == 40


@pytest.mark.parity
def test_the_published_checkpoint(shared: Path, tmp_path: Path, molecules: list[Molecule]) -> None:
    published = shared / "parity" / "molstructok" / "molstructok_vqvae.safetensors"
    state = OrderedDict((name, torch.from_numpy(array)) for name, array in load_file(published).items())
    done = convert_checkpoint(written(tmp_path, state, "molstructok_vqvae.bin"), tmp_path / "molstructok")
    assert (done.num_tensors, done.num_parameters) == (115, 128_986)
    assert (done.num_codes, done.hidden, done.latent, done.live_codes) == (512, 64, 64, 233)
    assert done.decoders == ("branch", "trunk")
    opened = MoleculeStructureTokenizer.from_pretrained(done.folder)
    direct = MoleculeStructureTokenizer.from_pretrained(published)
    assert opened.fingerprint == direct.fingerprint
    for a, b in zip(opened.encode(molecules), direct.encode(molecules), strict=True):
        np.testing.assert_array_equal(a.codes, b.codes)
    for a, b in zip(opened.decode(opened.encode(molecules)), direct.decode(direct.encode(molecules)), strict=True):
        np.testing.assert_array_equal(a.coordinates, b.coordinates)


class Intruder:
    """Runs a command when unpickled without care."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def test_code_in_a_file_does_not_run(tmp_path: Path, tensors: Tensors) -> None:
    marker = tmp_path / "ran"
    plain = tmp_path / "plain.bin"
    plain.write_bytes(pickle.dumps({"encoder.0.weight": Intruder(marker)}, protocol=2))
    mixed = written(tmp_path, {**tensors, "extra": Intruder(marker)}, "mixed.bin")
    for path in (plain, mixed):
        with pytest.raises(WeightsError, match="not a checkpoint of plain tensors"):
            convert_checkpoint(path, tmp_path / "out")
    assert not marker.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("seed", range(12))
def test_truncated_and_mutated_files_are_refused_or_read(tmp_path: Path, tensors: Tensors, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = written(tmp_path, tensors)
    data = bytearray(path.read_bytes())
    if seed % 2:
        del data[int(rng.integers(len(data))) :]
    else:
        for place in rng.integers(len(data), size=40):
            data[place] = rng.integers(256)
    path.write_bytes(bytes(data))
    blamed = str(path)
    try:
        convert_checkpoint(path, tmp_path / "out")
    except BioMatrixError as error:
        blamed = str(error.file)
    assert blamed == str(path)


def changed(name: str, value: Any) -> Callable[[Tensors], Any]:
    def change(tensors: Tensors) -> Any:
        if value is None:
            del tensors[name]
        else:
            tensors[name] = value
        return tensors

    return change


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (changed("encoder.0.bias", None), WeightsError, "1 missing"),
        (changed("another.weight", torch.zeros(3)), WeightsError, "1 unexpected"),
        (changed("encoder.3.weight", torch.zeros(24, 23)), WeightsError, "shape"),
        (changed("quantizer.embedding.weight", torch.zeros(40, 17)), WeightsError, "shape"),
        (changed("quantizer.embedding.weight", torch.zeros(40)), WeightsError, "no codebook"),
        (changed("encoder.0.bias", torch.zeros(24, dtype=torch.float64)), WeightsError, "float64"),
        (changed("encoder.0.bias", torch.zeros(24, dtype=torch.float16)), WeightsError, "float16"),
        (changed("encoder.1.num_batches_tracked", torch.zeros(())), WeightsError, "float32"),
        (changed("encoder.0.bias", torch.full((24,), float("nan"))), WeightsError, "not finite"),
        (changed("encoder.0.bias", torch.zeros(24).to_sparse()), WeightsError, "sparse"),
        (changed("encoder.0.weight", torch.zeros(1).expand(1 << 40, 4)), LimitError, "limit"),
        (changed("encoder.0.bias", "text"), WeightsError, "not a tensor"),
        (lambda tensors: list(tensors.values()), WeightsError, "not a dictionary"),
        (lambda tensors: {}, WeightsError, "not a dictionary"),
        (lambda tensors: {0: torch.zeros(1)}, WeightsError, "not a tensor"),
    ],
)
def test_what_is_no_such_checkpoint_is_refused(
    tmp_path: Path, tensors: Tensors, change: Callable[[Tensors], Any], error: type[BioMatrixError], words: str
) -> None:
    path = written(tmp_path, change(tensors))
    with pytest.raises(error, match=words) as caught:
        convert_checkpoint(path, tmp_path / "out")
    assert caught.value.file == str(path)
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_over(tmp_path: Path, tensors: Tensors) -> None:
    path = written(tmp_path, tensors)
    convert_checkpoint(path, tmp_path / "out")
    with pytest.raises(WeightsError, match="already"):
        convert_checkpoint(path, tmp_path / "out")


def test_the_command(tmp_path: Path, tensors: Tensors) -> None:
    path = written(tmp_path, tensors)
    answer = CliRunner().invoke(app, ["tokenizer", "convert", str(path), "-o", str(tmp_path / "out"), "--json"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.output)
    assert told["num_codes"] == 40
    assert MoleculeStructureTokenizer.from_pretrained(tmp_path / "out").fingerprint == told["fingerprint"]
    again = CliRunner().invoke(app, ["tokenizer", "convert", str(path), "-o", str(tmp_path / "out")])
    assert again.exit_code != 0
    more = ["tokenizer", "convert", str(path), "-o", str(tmp_path / "more"), "--max-length", "5"]
    assert "without 'max_length'" in str(CliRunner().invoke(app, more).exception)
