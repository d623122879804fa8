"""Published files of scGPT: nothing in them runs, and no tensor is passed over."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from biomatrix.cli.soft_convert import app
from biomatrix.errors import BioMatrixError, ConfigurationError, WeightsError
from biomatrix.soft.encoders.cells import ScGptEncoder, convert_scgpt

from .published import coding_genes, some_cells, write_scgpt

GENES = coding_genes(60)
SYMBOLS = [symbol for symbol, _ in GENES]


@pytest.mark.parametrize("impl", [False, True])
def test_names_of_flash_attention_and_plain_ones_give_one_network(tmp_path: Path, *, impl: bool) -> None:
    tensors = write_scgpt(tmp_path / "flash", SYMBOLS, flash=True)
    assert any(".Wqkv." in name for name in tensors)
    if impl:
        tensors = {name.replace(".self_attn.", ".self_attn._impl."): value for name, value in tensors.items()}
        torch.save(tensors, tmp_path / "flash" / "best_model.pt")
    write_scgpt(tmp_path / "plain", SYMBOLS, flash=False)
    for name in ("flash", "plain"):
        convert_scgpt(tmp_path / name, tmp_path / f"{name}-converted")
    encoders = [ScGptEncoder.from_pretrained(tmp_path / f"{name}-converted") for name in ("flash", "plain")]
    assert encoders[0].hash == encoders[1].hash
    (cell,) = some_cells([gene for _, gene in GENES], [30])
    np.testing.assert_array_equal(encoders[0].encode([cell]), encoders[1].encode([cell]))


def test_every_tensor_is_used_once_or_named_as_left_out(tmp_path: Path) -> None:
    tensors = write_scgpt(tmp_path / "in", SYMBOLS)
    told = convert_scgpt(tmp_path / "in", tmp_path / "out")
    used = load_file(tmp_path / "out" / "model.safetensors")
    assert len(used) + len(told.left_out) == len(tensors)
    assert {name.split(".")[0] for name in told.left_out} == {"decoder", "mvc_decoder", "cls_decoder", "flag_encoder"}
    assert json.loads((tmp_path / "out" / "config.json").read_text())["description"]["origin"]["left_out"] == list(
        told.left_out
    )
    assert told.genes == len(SYMBOLS)
    assert "mvc_decoder" in told.as_text()
    for taken in ("out", "in"):
        with pytest.raises(ConfigurationError, match="not empty"):
            convert_scgpt(tmp_path / "in", tmp_path / taken)


def test_symbols_of_any_age_name_their_gene(tmp_path: Path) -> None:
    write_scgpt(tmp_path / "in", [*SYMBOLS, "SEPT10", "CD3D", "AC000000.1"])
    convert_scgpt(tmp_path / "in", tmp_path / "out")
    genes = json.loads((tmp_path / "out" / "genes.json").read_text())
    assert genes["ENSG00000186522"] == len(SYMBOLS)
    assert genes["ENSG00000167286"] == len(SYMBOLS) + 1
    assert len(genes) == len(SYMBOLS) + 2


def test_tensors_that_do_not_fit_are_named(tmp_path: Path) -> None:
    good = write_scgpt(tmp_path, SYMBOLS)
    bias, table = "transformer_encoder.layers.1.linear2.bias", "encoder.embedding.weight"
    plain = "transformer_encoder.layers.0.self_attn.in_proj_bias"
    cases: list[tuple[dict[str, Any], str]] = [
        ({name: value for name, value in good.items() if name != bias}, f"1 missing: {bias}"),
        ({**good, "dsbn.bns.0.running_mean": torch.zeros(4)}, r"1 not of this network: dsbn\.bns"),
        ({**good, table: good[table][:-1]}, f"1 of another shape: {table}"),
        ({**good, bias: torch.full_like(good[bias], float("nan"))}, rf"position {bias}: .*not finite"),
        ({**good, plain: torch.zeros(96)}, f"position {plain}: two tensors"),
        ({**good, bias: [1.0]}, "holds a list, not a tensor"),
        ({**good, "value_encoder.norm.weight": torch.ones(32, dtype=torch.int64)}, "not float32: value_encoder"),
    ]
    for tensors, words in cases:
        torch.save(tensors, tmp_path / "best_model.pt")
        with pytest.raises(WeightsError, match=words):
            convert_scgpt(tmp_path, tmp_path / "out")
        assert not (tmp_path / "out").exists()


class Hostile:
    """Makes a folder where it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = str(target)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (self.target,)


@pytest.mark.parametrize("plain_pickle", [False, True])
def test_code_in_the_weights_never_runs(tmp_path: Path, *, plain_pickle: bool) -> None:
    good = write_scgpt(tmp_path, SYMBOLS)
    content = {**good, "encoder.embedding.weight": Hostile(tmp_path / "ran")}
    if plain_pickle:
        (tmp_path / "best_model.pt").write_bytes(pickle.dumps({"weights": Hostile(tmp_path / "ran")}, protocol=2))
    else:
        torch.save(content, tmp_path / "best_model.pt")
    result = CliRunner().invoke(app, ["scgpt", str(tmp_path), "-o", str(tmp_path / "out")])
    assert isinstance(result.exception, WeightsError)
    assert "no plain tensors" in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()


def test_descriptions_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("args.json", {"input_emb_style": "category"}, "input_emb_style 'category'"),
        ("args.json", {"pre_norm": True}, "pre_norm True"),
        ("args.json", {"domain_spec_batchnorm": "dsbn"}, "normalises by batch"),
        ("args.json", {"nheads": 5}, "5 heads do not divide"),
        ("args.json", {"embsize": 1 << 40}, "larger than the limit"),
        ("args.json", {"nlayers": "2"}, "layers of scGPT is a whole number"),
        ("args.json", {"pad_value": "-2"}, "cls_value is a number"),
        ("vocab.json", {"<cls>": 0}, "each once"),
        ("vocab.json", {"XYZ": 4.5}, "no whole number"),
    ]
    for file, change, words in cases:
        write_scgpt(tmp_path, SYMBOLS)
        told = json.loads((tmp_path / file).read_text())
        (tmp_path / file).write_text(json.dumps({**told, **change}))
        with pytest.raises(BioMatrixError, match=words):
            convert_scgpt(tmp_path, tmp_path / "out")
    (tmp_path / "vocab.json").unlink()
    with pytest.raises(ConfigurationError, match=r"vocab\.json: is not there"):
        convert_scgpt(tmp_path, tmp_path / "out")


def test_the_command_prints_what_was_converted(tmp_path: Path) -> None:
    write_scgpt(tmp_path / "in", SYMBOLS)
    result = CliRunner().invoke(app, ["scgpt", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["genes"] == len(SYMBOLS)
