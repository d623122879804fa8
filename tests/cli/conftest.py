"""A folder of what people hand to a command by mistake, made once for all rows of the table of bad arguments."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biomatrix.conversion import encode_to_lines
from biomatrix.entities import Molecule, kinds
from biomatrix.generation.loading import SHIPPED

LFS_POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 132735\n"
)
EXTENSIONS = (
    "smi", "selfies", "sdf", "mol", "mol2", "pdb", "cif", "bcif", "fasta", "csv", "parquet", "jsonl", "toml",
    "safetensors", "bin",
)  # fmt: skip
TOKENS = "<|mol_sfi_start|>[C][C][O]<|mol_sfi_end|>"

TEXTS = {
    "good.smi": "CCO ethanol\n",
    "good.fasta": ">one\nMKTAYIAKQRQISFVK\n",
    "good.jsonl": json.dumps({"text": TOKENS, "name": "ethanol"}) + "\n",
    "broken.smi": "CC(C broken\n",
    "latin1_name.smi": "CCO caf\udce9\n",
    "blank.smi": "\n\n\n",
    "nul.smi": "CC\0O nul\n",
    "prose.txt": "Dear all,\nplease find enclosed the compounds.\n",
    "page.sdf": "<!DOCTYPE html><html><body>404 Not Found</body></html>\n",
    "letters.fasta": ">x\nMKT1234!!\n",
    "headers.fasta": ">a\n>b\n",
    "other.csv": "colour,size\nred,3\n",
    "no_rows.csv": "smiles\n",
    "list.jsonl": "[1, 2, 3]\n",
    "number.jsonl": "17\n",
    "null_text.jsonl": '{"text": null}\n',
    "labels.jsonl": json.dumps({"text": TOKENS, "labels": 3}) + "\n",
    "deep.jsonl": '{"text": ' + "[" * 100_000 + "\n",
    "unknown_pair.jsonl": '{"text": "<|xyz_start|>a<|xyz_end|>"}\n',
    "half.jsonl": '{"text": "<|mol_sfi_start|>[C]"}\n',
    "unknown_symbol.jsonl": '{"text": "<|mol_sfi_start|>[Xx]<|mol_sfi_end|>"}\n',
    "other_tokenizer.jsonl": json.dumps({"text": TOKENS.replace("sfi", "3d"), "tokenizer": {"fingerprint": "0" * 12}}),
    "syntax.toml": "[tasks\n",
    "list.toml": "tasks = [1]\n",
    "unknown_key.toml": "[tasks.a]\nprompt = 'x'\n",
    "placeholder.toml": "[tasks.a]\nprompts = ['{']\nanswer = 'x'\n",
    "parser.toml": "[tasks.a]\nprompts = ['Say.']\nanswer = 'x'\nparser = 'nonsense'\n",
    "metric.toml": "[tasks.a]\nprompts = ['Say.']\nanswer = 'x'\nmetric = 'nonsense'\n",
    "output.toml": "[tasks.a]\nprompts = ['Say.']\nanswer = '{molecule}'\noutput = 'nonsense'\n",
    "layout.toml": "[views.a]\nkind = 'molecule'\nlayout = 'nonsense'\n",
    "kind.toml": "[views.a]\nkind = 'nonsense'\nlayout = 'composed'\nparts = {name = 1.0}\n",
    "taken.toml": "[tasks.fold_protein]\nprompts = ['Say.']\nanswer = 'x'\n",
}


@pytest.fixture(scope="session")
def bad_inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder; every row runs with it as the current folder."""
    folder = tmp_path_factory.mktemp("bad_inputs")
    for extension in EXTENSIONS:
        (folder / f"empty.{extension}").touch()
        (folder / f"garbage.{extension}").write_bytes(b"\xff\x00" + Random(extension).randbytes(3000))
        (folder / f"latin1.{extension}").write_bytes("naïve café\n".encode("latin-1"))
        (folder / f"pointer.{extension}").write_text(LFS_POINTER, encoding="utf-8")
        (folder / f"folder.{extension}").mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    _write_entities(folder)
    _write_cut_files(folder)
    _write_models(folder)
    (folder / "not_gzip.smi.gz").write_text("CCO\n", encoding="utf-8")
    (folder / "dangling.smi").symlink_to("nowhere.smi")
    locked = folder / "locked.smi"
    locked.write_text("CCO\n", encoding="utf-8")
    locked.chmod(0)
    (folder / "pickle.bin").write_bytes(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00cos\nsystem\n.")
    return folder


def _write_entities(folder: Path) -> None:
    Molecule.from_smiles("CCO").embed(seed=0).to_file(folder / "good.sdf")
    for one in kinds():
        for example in one.samples():
            if one.name == "protein" and example.entity.has_structure:
                example.entity.to_file(folder / "good.pdb")
    encode_to_lines(str(folder / "good.sdf"), folder / "structure.jsonl", modalities=["molecule_structure"])
    (folder / "two.smi").write_text("CCO a\nCCN b\n", encoding="utf-8")


def _write_cut_files(folder: Path) -> None:
    packed = gzip.compress(b"CCO ethanol\n" * 500)
    (folder / "cut.smi.gz").write_bytes(packed[: len(packed) // 2])
    (folder / "cut.jsonl.gz").write_bytes(gzip.compress((folder / "good.jsonl").read_bytes())[:-9])
    pq.write_table(pa.table({"smiles": ["CCO"] * 100}), folder / "whole.parquet")
    (folder / "cut.parquet").write_bytes((folder / "whole.parquet").read_bytes()[:-20])
    pq.write_table(pa.table({"colour": ["red"]}), folder / "other.parquet")
    weights = (SHIPPED / "nano" / "model.safetensors").read_bytes()
    (folder / "cut.safetensors").write_bytes(weights[:5000])


def _write_models(folder: Path) -> None:
    """Models and structure tokenizers with one fault each."""
    (tokenizer_kind,) = (one for one in kinds() if one.name == "molecule")
    assert tokenizer_kind.weights is not None
    tokenizer = tokenizer_kind.weights / "conditioned-512"
    faults = {
        "pointer": {"model.safetensors": LFS_POINTER.encode()},
        "cut": {"model.safetensors": (folder / "cut.safetensors").read_bytes()},
        "list": {"config.json": b"[1, 2]"},
        "syntax": {"config.json": b"{"},
        "latin1": {"config.json": '{"naïve": 1}'.encode("latin-1")},
        "hollow": {"config.json": b"{}"},
    }
    for fault, files in faults.items():
        for name, source in (("model", SHIPPED / "nano"), ("tokenizer", tokenizer)):
            target = folder / f"{fault}_{name}"
            shutil.copytree(source, target)
            for file, content in files.items():
                (target / file).write_bytes(content)
