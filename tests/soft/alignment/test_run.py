"""Alignment and retrieval end to end on a few molecules: each goal, what is kept, what is refused and counted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

import biomatrix as bm
from biomatrix.cli.main import app
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.soft.alignment.decoder import Decoder
from biomatrix.soft.alignment.finding import nearest_texts
from biomatrix.soft.alignment.folder import open_pool
from biomatrix.soft.alignment.judging import ALIGNED, SHUFFLED

_TAILS = {"O": "alcohol", "N": "amine", "Cl": "chloride", "Br": "bromide", "C(=O)O": "acid", "C#N": "nitrile"}
_NAMES = ("no", "one", "two", "three", "four", "five", "six", "seven")
ROWS = [
    (f"{'C' * length}{tail}", f"a chain of {_NAMES[length]} carbons that ends as an {name}")
    for length in range(1, 8)
    for tail, name in _TAILS.items()
]
SMALL = ("--encoder", "morgan,bits=128", "--epochs", "3", "--batch-size", "16", "--width", "32", "--quiet", "--json")


def table(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("entity\ttext\n" + "".join(f"{smiles}\t{text}\n" for smiles, text in rows))
    return path


def run(*words: object) -> tuple[int, Any]:
    found = CliRunner().invoke(app, ["soft", *map(str, words)])
    return found.exit_code, json.loads(found.stdout)


@pytest.fixture(scope="module")
def aligned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder of an alignment, not to be changed, and what the command said."""
    place = tmp_path_factory.mktemp("aligned")
    rows = [*ROWS, ("nonsense", "spells no molecule"), ("CCF", "")]
    code, told = run("align", table(place / "pairs.tsv", rows), "-o", place / "projector", *SMALL)
    assert code == 0
    return place / "projector", told


def test_rows_that_are_no_pair_are_counted_and_the_controls_are_there(aligned: tuple[Path, dict[str, Any]]) -> None:
    folder, told = aligned
    assert told["refused"] == 2
    assert told["train"]["pairs"] + told["test"]["pairs"] == len(ROWS)
    assert {ALIGNED, SHUFFLED} <= {row["name"] for row in told["rows"]}
    assert json.loads((folder / "alignment.json").read_text()) == told
    assert (folder / "report.html").is_file()


def test_both_are_found_again_and_a_prompt_reads_the_projector(aligned: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = aligned
    code, (found,) = run("retrieve", folder, "--molecule", "CCCO", "--top", "3", "--json", "--quiet")
    assert code == 0
    assert len(found["nearest"]) == 3
    code, (back,) = run("retrieve", folder, "--text", ROWS[3][1], "--top", "2", "--json", "--quiet")
    assert (code, len(back["nearest"])) == (0, 2)
    model = bm.load("nano", soft=folder)
    assert model.generate(["What is ", bm.Soft(bm.Molecule.from_smiles("CCCO")), "?"], max_new_tokens=2)


def test_texts_of_a_file_are_looked_among_and_a_file_of_none_is_one_line(
    aligned: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    among = tmp_path / "among.txt"
    among.write_text("an amine\n\nan acid\n")
    code, (found,) = run("retrieve", aligned[0], "--molecule", "CCN", "--among", among, "--json", "--quiet")
    assert (code, {one["found"] for one in found["nearest"]}) == (0, {"an amine", "an acid"})
    for content in (b"\n", b"\x00\xff\x00\x01" * 40):
        among.write_bytes(content)
        code, told = run("retrieve", aligned[0], "--molecule", "CCN", "--among", among, "--json", "--quiet")
        assert code
        assert told["error"]["file"] == str(among)


@pytest.mark.parametrize("goal", ["hidden", "autoregressive"])
def test_an_entity_is_looked_for_where_it_was_judged(goal: str, tmp_path: Path) -> None:
    words = ("--goal", goal, "--epochs", "1", "--no-controls", "--learned", "1")
    code, told = run("align", table(tmp_path / "pairs.tsv", ROWS), "-o", tmp_path / "projector", *SMALL, *words)
    assert (code, told["goal"]) == (0, goal)
    pool = open_pool(tmp_path / "projector", Decoder("nano"))
    molecules = [bm.Molecule.from_smiles(one) for one in pool.entities]
    found = nearest_texts(tmp_path / "projector", molecules, top=len(pool.texts))
    vectors = pool.entity_vectors / np.linalg.norm(pool.entity_vectors, axis=1, keepdims=True)
    texts = pool.text_vectors / np.linalg.norm(pool.text_vectors, axis=1, keepdims=True)
    for row, one in zip(vectors @ texts.T, found, strict=True):
        assert [each["cosine"] for each in one["nearest"]] == pytest.approx(
            sorted(row.tolist(), reverse=True), abs=1e-4
        )


def test_another_run_in_the_folder_is_refused_also_where_only_dropout_differs(tmp_path: Path) -> None:
    asked = ("align", table(tmp_path / "pairs.tsv", ROWS), "-o", tmp_path / "projector", *SMALL, "--no-controls")
    assert run(*asked)[0] == 0
    code, told = run(*asked, "--dropout", "0.1")
    assert code
    assert "other data or settings" in told["error"]["message"]


@pytest.mark.parametrize(
    "damage",
    ["no key", "no list", "no goal", "other width", "fewer", "nan", "side"],
    ids=lambda one: one.replace(" ", "_"),
)
def test_a_damaged_folder_is_one_line(aligned: tuple[Path, dict[str, Any]], tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(aligned[0], folder)
    pool, tensors, about = folder / "texts/pool.json", folder / "texts/pool.safetensors", folder / "alignment.json"
    held, given, told = json.loads(pool.read_text()), load_file(tensors), json.loads(about.read_text())
    if damage == "no key":
        del held["text_keys"]
    elif damage == "no list":
        held["texts"] = 5
    elif damage == "no goal":
        del told["goal"]
    elif damage == "other width":
        given["text_vectors"] = given["text_vectors"][:, :5].copy()
    elif damage == "fewer":
        held["entities"] = held["entities"][1:]
    elif damage == "nan":
        given["entity_vectors"][0, 0] = np.nan
    else:
        told["text_hash"] = "0" * 64
    pool.write_text(json.dumps(held))
    save_file(given, tensors)
    about.write_text(json.dumps(told))
    with pytest.raises((WeightsError, ConfigurationError)) as refused:
        open_pool(folder, Decoder("nano"))
    assert "\n" not in str(refused.value)
