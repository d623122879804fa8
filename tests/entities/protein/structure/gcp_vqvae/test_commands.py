"""From the command line: published checkpoints become folders, recipes become tokenizers; a hub id opens as well."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour, reference_behaviour
from biomatrix.entities.protein.structure.gcp_vqvae.conversion import save_network
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.published import published_architecture
from biomatrix.errors import WeightsError

Backbone = Callable[[int, int], NDArray[np.float32]]
Published = Callable[..., dict[str, torch.Tensor]]
SOURCE = Path(__file__).parents[5] / "src"
RECIPE = """
architecture = "gcp_vqvae"

[sizes]
gcp_layers = 1
node_scalars = 16
node_vectors = 4
edge_scalars = 8
edge_vectors = 4
encoder_width = 32
encoder_depth = 1
decoder_width = 32
decoder_depth = 1
heads = 2
kv_heads = 1
code_width = 8
codebook_size = 32

[behaviour]
max_length = 64

[plan]
steps = 4
crop = [24]
residues_a_batch = 96
warm_up = 2
save_every = 2

[plan.weights]
next_token = 0.001
"""


def write_table(path: Path, backbone: Backbone, count: int = 8) -> None:
    """Write chains in the layout of `biomatrix.entities.protein.files.chain_table`."""
    rows = []
    for index in range(count):
        coords = backbone(40, index) - backbone(40, index).mean(axis=(0, 1))
        four = np.concatenate([coords, coords[:, 2:]], axis=1)
        stored = np.round(four * 100).astype(np.int16).reshape(-1)
        row = {"id": f"c{index}", "chain": "A", "sequence": "A" * 40, "coords": stored.tolist(),
               "res_num": list(range(1, 41)), "source_repo": "made/up", "cluster30": index,
               "split": "train" if index else "test", "benchmark": []}  # fmt: skip
        rows.append(row)
    schema = {"coords": pa.list_(pa.int16()), "res_num": pa.list_(pa.int32()), "benchmark": pa.list_(pa.string())}
    columns = {name: pa.array([row[name] for row in rows], schema.get(name)) for name in rows[0]}
    pq.write_table(pa.table(columns), path)


@pytest.mark.parametrize("prefix", ["", "_orig_mod.", "module."])
@pytest.mark.parametrize("pretrained", [False, True])
@pytest.mark.parametrize("legacy", [False, True])
def test_a_published_checkpoint_converts_and_opens(
    network: GCPVQVAE, published_names: Published, tmp_path: Path, prefix: str, pretrained: bool, legacy: bool
) -> None:
    source, folder = tmp_path / "best_valid.pth", tmp_path / "converted"
    tensors = published_names(network, prefix, pretrained=pretrained)
    torch.save({"model_state_dict": tensors, "epoch": 3}, source, _use_new_zipfile_serialization=not legacy)
    assert published_architecture(source) == "gcp_vqvae"
    command = ["tokenizer", "convert", str(source), "-o", str(folder), "--max-length", "96", "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert len(told["dropped"]) == 1 + pretrained
    opened = ProteinStructureTokenizer.from_pretrained(folder)
    assert isinstance(opened, GCPVQVAETokenizer)
    assert opened.fingerprint == told["fingerprint"]
    assert opened.behaviour == reference_behaviour(96)
    for name, value in opened.model.vqvae.named_parameters():
        assert torch.equal(value, network.vqvae.get_parameter(name))
    again = CliRunner().invoke(app, command)
    assert isinstance(again.exception, WeightsError)
    assert "already" in str(again.exception)


def test_safetensors_of_published_names_convert(network: GCPVQVAE, published_names: Published, tmp_path: Path) -> None:
    save_file(published_names(network, ""), tmp_path / "model.safetensors")
    command = ["tokenizer", "convert", str(tmp_path / "model.safetensors"), "-o", str(tmp_path / "converted")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert ProteinStructureTokenizer.from_pretrained(tmp_path / "converted").num_codes == 32
    with pytest.raises(WeightsError, match="biomatrix tokenizer convert"):
        ProteinStructureTokenizer.from_pretrained(tmp_path / "model.safetensors")
    (tmp_path / "broken.safetensors").write_bytes((tmp_path / "model.safetensors").read_bytes()[:5000])
    command[2] = str(tmp_path / "broken.safetensors")
    assert isinstance(CliRunner().invoke(app, [*command[:4], str(tmp_path / "other")]).exception, WeightsError)


def test_files_that_are_neither_are_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("words")
    torch.save({"quantizer.embedding.weight": torch.zeros(3, 2)}, tmp_path / "molecules.bin")
    for name in ("other.pth", "text.pth", "missing.pth"):
        with pytest.raises(WeightsError):
            published_architecture(tmp_path / name)
    assert published_architecture(tmp_path / "molecules.bin") == "molstructok"


def test_a_recipe_trains_and_opens(backbone: Backbone, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE)
    write_table(tmp_path / "chains.parquet", backbone)
    arguments = ["tokenizer", "train", str(tmp_path / "recipe.toml"), "-o", str(tmp_path / "run"), "--json"]
    done = CliRunner().invoke(app, [*arguments, "--sources", str(tmp_path / "chains.parquet")])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output.strip().splitlines()[-1])
    opened = ProteinStructureTokenizer.from_pretrained(tmp_path / "run" / "tokenizer")
    assert opened.fingerprint == told["fingerprint"]
    (codes,) = opened.encode([Protein("A" * 40, backbone(40, 0))])
    assert (codes >= 0).all()
    config = json.loads((tmp_path / "run" / "tokenizer" / "config.json").read_text())
    assert config["training"]["chains"] == 7
    missing = CliRunner().invoke(app, [*arguments, "--sources", str(tmp_path)])
    assert "no table of chains" in str(missing.exception)


def test_a_hub_id_opens(network: GCPVQVAE, backbone: Backbone, tmp_path: Path) -> None:
    """The hub's own cache, filled by hand and read offline: what a download leaves behind."""
    save_network(tmp_path / "mine", network, Behaviour(max_length=96), {}, half=False)
    commit = "0" * 40
    repository = tmp_path / "hub" / "models--someone--chains"
    shutil.copytree(tmp_path / "mine", repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    script = (
        "from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer as T\n"
        "print(T.from_pretrained('someone/chains', hub=True).fingerprint)"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "HF_HUB_CACHE": str(tmp_path / "hub"),
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == ProteinStructureTokenizer.from_pretrained(tmp_path / "mine").fingerprint
