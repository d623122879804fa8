"""Inputs that real users bring, each with the right outcome; the reference data holds and lists them."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError, WeightsError
from biomatrix.generation.loading import SHIPPED

if TYPE_CHECKING:
    from .conftest import Command, Run

PEPTIDE = "VGSLNCIV"


def smiles_of(run: Run) -> list[str]:
    """Return the SMILES that the lines of a run write."""
    return [unwrapped(line) for line in run.lines if line["modality"] == "molecule_smiles"]


def unwrapped(line: dict[str, Any]) -> str:
    """Return the tokens of a line without the control tokens around them."""
    text: str = line["text"]
    return text.partition("|>")[2].rpartition("<|")[0]


def sequence_lines(run: Run) -> list[dict[str, Any]]:
    """Return the lines of protein sequences of a run."""
    return [line for line in run.lines if line["modality"] == "protein_sequence"]


def sequences_of(run: Run) -> list[str]:
    """Return the sequences that the lines of a run write."""
    return [bm.modality("protein_sequence").decode(tokens(line)).sequence for line in sequence_lines(run)]


def tokens(line: dict[str, Any]) -> list[str]:
    return bm.modality(line["modality"]).split(unwrapped(line))


def notes_of(line: dict[str, Any]) -> str:
    return "; ".join(line["notes"])


def names_of(run: Run) -> list[str]:
    return list(dict.fromkeys(line["name"] for line in run.lines))


def script(path: Path, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a shell or Python script of a case in a folder, `biomatrix` being the one under test."""
    commands = folder / "bin"
    commands.mkdir()
    source = Path(bm.__file__).parents[1]
    for name, call in (("biomatrix", "-m biomatrix.cli.main"), ("python", "")):
        command = commands / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
        command.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{commands}:{os.environ['PATH']}",
        "PYTHONPATH": str(source),
        "OMP_NUM_THREADS": "1",
        **variables,
    }
    program = "python" if path.suffix == ".py" else "sh"
    return subprocess.run(
        [program, str(path)], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_every_case_is_tested(cases: Path) -> None:
    with open(cases / "cases.csv", newline="") as table:
        files = [row["file"] for row in csv.DictReader(table)]
    tests = {name for name in globals() if name.startswith("test_")}
    assert [file for file in files if f"test_{file.replace('.', '_')}" not in tests] == []


def test_old_mac_smi(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "old_mac.smi", "-m", "molecule_smiles")
    assert smiles_of(run) == ["CCO", "CCN", "CCC"]
    assert names_of(run) == ["ethanol", "ethylamine", "propane"]


def test_old_mac_sdf(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "old_mac.sdf")
    assert smiles_of(run) == ["CCO", "CCN", "CCC"]
    assert names_of(run) == ["ethanol", "ethylamine", "propane"]


def test_bom_mol2(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "bom.mol2")
    assert smiles_of(run) == ["O", "S"]
    assert names_of(run) == ["water", "hydrogen sulfide"]


def test_bom_sdf(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "bom.sdf")
    assert len(smiles_of(run)) == 2
    assert names_of(run)[0] == "ethanol"


def test_concatenated_mol_blocks_sdf(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "concatenated_mol_blocks.sdf")
    if run.status:
        assert "M  END" in run.err
    else:
        assert len(smiles_of(run)) == 3


def test_blank_line_before_m_end_mol(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "blank_line_before_m_end.mol")
    assert "counts line" not in run.err
    assert smiles_of(run) == ["CCO"] or ("blank line" in run.err and "22" in run.err)


def test_abbreviation_atom_mol(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "abbreviation_atom.mol")
    assert run.status == 1
    assert "AcO" in run.err
    assert "line 6" in run.err
    assert "atom 2" in run.err
    assert ".cpp" not in run.err
    assert "/" not in run.err.replace(str(cases / "abbreviation_atom.mol"), "")


def test_query_bond_mol(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "query_bond.mol")
    assert run.status == 1
    assert "query" in run.err
    with pytest.raises(UnsupportedError, match="query"):
        bm.Molecule.from_file(cases / "query_bond.mol")


def test_cxsmiles_with_title_smi(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "cxsmiles_with_title.smi", "-m", "molecule_smiles")
    assert names_of(run) == ["racemate-7"]
    assert "racemic" in notes_of(run.lines[0])


def test_racemic_centre_sdf(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "racemic_centre.sdf")
    assert {line["modality"] for line in run.lines} >= {"molecule_smiles", "molecule_selfies"}
    assert all("racemic" in notes_of(line) for line in run.lines)


def test_methylammonium_unity_mol2(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "methylammonium_unity.mol2")
    assert smiles_of(run) == ["C[NH3+]"]
    assert bm.Molecule.from_file(cases / "methylammonium_unity.mol2").formula == "CH6N+"


def test_pentafluorosulfanyl_benzene_sdf(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "pentafluorosulfanyl_benzene.sdf")
    assert smiles_of(run) == ["FS(F)(F)(F)(F)c1ccccc1"]
    assert {line["modality"] for line in run.lines} == {"molecule_smiles", "molecule_selfies", "molecule_structure"}


def test_hexafluorophosphate_sdf(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "hexafluorophosphate.sdf")
    assert smiles_of(run) == ["F[P-](F)(F)(F)(F)F"]
    assert any(unwrapped(line).startswith("[F][P-1]") for line in run.lines)
    molecule = bm.Molecule.from_file(cases / "hexafluorophosphate.sdf")
    assert molecule.same_as(bm.Molecule.from_smiles("F[P-](F)(F)(F)(F)F"))


def test_chiral_phosphine_py(cases: Path, tmp_path: Path) -> None:
    done = script(cases / "chiral_phosphine.py", tmp_path)
    if done.returncode:
        assert "UnsupportedError" in done.stderr
        return
    first, second = done.stdout.split()
    assert first == "CC[P@@](C)c1ccccc1"
    assert second == first


def test_deuterated_anisole_sdf(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "deuterated_anisole.sdf", "-m", "molecule_structure")
    (line,) = run.lines
    assert "isotope labels were dropped" in notes_of(line)


def test_rdkit_without_ring_info_py(cases: Path, tmp_path: Path) -> None:
    assert script(cases / "rdkit_without_ring_info.py", tmp_path).stdout == "C1CC1\n"


@pytest.mark.slow
@pytest.mark.exhaustive
def test_peptide_of_30_smi(cases: Path) -> None:
    molecule = bm.Molecule.from_file(cases / "peptide_of_30.smi").embed(seed=0)
    assert molecule.num_atoms == 517
    assert np.isfinite(molecule.coordinates).all()


def test_bom_atoms_only_pdb(cases: Path, biomatrix: Command) -> None:
    assert sequences_of(biomatrix("encode", cases / "bom_atoms_only.pdb")) == [PEPTIDE]
    backbone = bm.Protein.from_file(cases / "bom_atoms_only.pdb").backbone
    assert np.isfinite(backbone).all()
    np.testing.assert_allclose(backbone[0, 0], (16.052, 41.019, 15.465), atol=1e-4)


def test_bom_cif(cases: Path, biomatrix: Command) -> None:
    assert sequences_of(biomatrix("encode", cases / "bom.cif")) == [PEPTIDE]


def test_bom_fasta(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "bom.fasta")
    assert names_of(run) == ["one", "two"]
    assert sequences_of(run) == ["MKTAYIAK", "QRQISFVK"]


def test_four_letter_terminal_names_pdb(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "four_letter_terminal_names.pdb")
    assert sequences_of(run) == [PEPTIDE]
    assert bm.Protein.from_file(cases / "four_letter_terminal_names.pdb").chain == "A"


def test_gromacs_names_pdb(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "gromacs_names.pdb")
    assert sequences_of(run) == ["VHKCDCIV"]
    assert "HISE" in notes_of(sequence_lines(run)[0])


def test_ligand_as_atom_after_ter_pdb(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "ligand_as_atom_after_ter.pdb")
    assert sequences_of(run) == [PEPTIDE]
    assert "SAH" in notes_of(sequence_lines(run)[0])


def test_frames_parted_by_end_pdb(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "frames_parted_by_end.pdb")
    assert sequences_of(run) == [PEPTIDE]
    assert "of 3" in notes_of(sequence_lines(run)[0])


def test_nucleotides_fasta(cases: Path, biomatrix: Command) -> None:
    run = biomatrix("encode", cases / "nucleotides.fasta")
    if run.status:
        assert "nucleotide" in run.err
    else:
        assert all("nucleotide" in notes_of(line) for line in run.lines)


def test_sequence_of_330_txt(cases: Path, biomatrix: Command) -> None:
    sequence = (cases / "sequence_of_330.txt").read_text().strip()
    options = ["--protein", sequence, "--answer", "protein_structure", "--length", len(sequence)]
    run = biomatrix("generate", "Fold", *options, "--json")
    assert run.status == 0, run.err
    (answer,) = json.loads(run.out)
    assert answer["entity"]["has_structure"]


def test_to_a_device_sh(cases: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("making a device node needs root")
    done = script(cases / "to_a_device.sh", tmp_path)
    node = tmp_path / "scratch" / "null"
    if not os.path.lexists(node):
        pytest.skip(f"no device node can be made here: {done.stderr.strip()[:100]}")
    assert stat.S_ISCHR(node.stat().st_mode)
    assert [path.name for path in node.parent.iterdir()] == ["null"]


def test_to_a_folder_sh(cases: Path, tmp_path: Path) -> None:
    done = script(cases / "to_a_folder.sh", tmp_path)
    assert done.stdout == "exit 1\n"
    (line,) = done.stderr.splitlines()
    assert "folder" in line
    assert "is a folder" in line


def test_disk_full_sh(cases: Path, tmp_path: Path) -> None:
    done = script(cases / "disk_full.sh", tmp_path)
    assert done.stdout == "exit 1\n"
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr or "no space" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_tokens_jsonl_gz(cases: Path, tmp_path: Path, biomatrix: Command) -> None:
    run = biomatrix("decode", cases / "tokens.jsonl.gz", "-o", tmp_path / "out.smi")
    assert run.status == 0, run.err
    assert (tmp_path / "out.smi").read_text().split() == ["CCO", "ethanol"]


def test_named_fasta(cases: Path, tmp_path: Path, biomatrix: Command) -> None:
    biomatrix("encode", cases / "named.fasta", "-o", tmp_path / "t.jsonl")
    assert biomatrix("decode", tmp_path / "t.jsonl", "-o", tmp_path / "back.fasta").status == 0
    headers = [line for line in (tmp_path / "back.fasta").read_text().splitlines() if line.startswith(">")]
    assert headers == [">sp|P00001|ONE", ">sp|P00002|TWO"]


def test_other_tokenizer_sh(tmp_path: Path, biomatrix: Command) -> None:
    # The script names a tokenizer that is no longer shipped; a line with another fingerprint stands for its lines.
    bm.Molecule.from_smiles("CC(=O)Oc1ccccc1C(=O)O").embed(seed=0).to_file(tmp_path / "a.sdf")
    run = biomatrix("encode", tmp_path / "a.sdf", "-m", "molecule_structure")
    (line,) = run.lines
    line["tokenizer"]["fingerprint"] = "0" * len(line["tokenizer"]["fingerprint"])
    (tmp_path / "t.jsonl").write_text(json.dumps(line) + "\n")
    refused = biomatrix("decode", tmp_path / "t.jsonl", "-o", tmp_path / "b.sdf")
    assert refused.status == 1
    assert "tokenizer" in refused.err
    assert not (tmp_path / "b.sdf").exists()


def test_code_out_of_range_txt(cases: Path, tmp_path: Path, biomatrix: Command) -> None:
    run = biomatrix("decode", cases / "code_out_of_range.txt", "-o", tmp_path / "out.pdb")
    assert run.status == 1
    assert "record 1" in run.err
    assert "position 1" in run.err
    assert "99999" in run.err
    assert "not one of the" in run.err


def test_quarter_broken_smi(cases: Path, tmp_path: Path, biomatrix: Command) -> None:
    command = ("encode", cases / "quarter_broken.smi", "-m", "molecule_smiles", "-o", tmp_path / "t.jsonl", "--json")
    run = biomatrix(*command)
    assert run.status == 0
    counts = json.loads(run.out)
    assert counts["succeeded"] == 150
    assert counts["rejected"] == 50
    reasons = counts["reasons"]
    assert len(reasons) <= 3
    assert "50" in json.dumps(reasons)


def test_negative_length_sh(cases: Path, tmp_path: Path) -> None:
    text = (cases / "negative_length.sh").read_text().replace("--output ", "--answer ")
    (tmp_path / "run.sh").write_text(text)
    done = script(tmp_path / "run.sh", tmp_path)
    assert [line for line in done.stdout.splitlines() if line] in (["exit 1"] * 2, ["exit 2"] * 2)
    assert "Traceback" not in done.stderr
    assert "-3" in done.stderr
    assert "99999999999999999999" in done.stderr


def test_answer_to_wrong_format_sh(tmp_path: Path, biomatrix: Command) -> None:
    output = tmp_path / "fold.sdf"
    run = biomatrix("generate", "Fold", "--protein", "MKTAYIAKQR", "--answer", "protein_structure", "-o", output)
    assert "protein" in run.one_line()
    assert "not one read here" not in run.err
    assert not output.exists()


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """A copy of the shipped model, to be damaged."""
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED / "nano", folder)
    return folder


def test_lfs_pointer_safetensors(cases: Path, model_folder: Path, biomatrix: Command) -> None:
    shutil.copy(cases / "lfs_pointer.safetensors", model_folder / "model.safetensors")
    with pytest.raises(WeightsError, match=r"git-lfs|not a safetensors"):
        bm.load(model_folder)
    line = biomatrix("generate", "Hi", "--model", model_folder).one_line()
    assert "model.safetensors" in line
    doctor = biomatrix("doctor", "--model", model_folder)
    assert doctor.status == 1
    assert "FAILED" in doctor.out
    assert "Traceback" not in doctor.out + doctor.err


def test_adapter_beside_weights_md(model_folder: Path) -> None:
    configuration = {
        "peft_type": "LORA",
        "base_model_name_or_path": "base",
        "r": 4,
        "lora_alpha": 8,
        "target_modules": ["q_proj"],
        "task_type": "CAUSAL_LM",
    }
    (model_folder / "adapter_config.json").write_text(json.dumps(configuration))
    shutil.copy(model_folder / "model.safetensors", model_folder / "adapter_model.safetensors")
    with pytest.raises(BioMatrixError, match="adapter"):
        bm.load(model_folder)


def test_unreachable_device_py(cases: Path, tmp_path: Path) -> None:
    done = script(cases / "unreachable_device.py", tmp_path, CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert "cuda" in first.lower() or "gpu" in first.lower()
    assert "gpu" in second
    with pytest.raises(ConfigurationError):
        bm.load("nano", device="gpu")


def test_latin1_recipe_toml(cases: Path, tmp_path: Path, biomatrix: Command) -> None:
    recipe = cases / "latin1_recipe.toml"
    for command in (
        ("pretrain", recipe),
        ("corpus", recipe, "--data", ".", "-o", tmp_path / "x"),
        ("tokenizer", "train", recipe, "-o", tmp_path / "x"),
    ):
        assert "UTF-8" in biomatrix(*command).one_line()
    assert list(tmp_path.iterdir()) == []


def test_corpus_missing_data_toml(cases: Path, shared: Path, tmp_path: Path, biomatrix: Command) -> None:
    recipe, nano = cases / "corpus_missing_data.toml", SHIPPED / "nano"
    (tmp_path / "file").write_text("a file")
    rows = (
        ("nowhere", ("--data", tmp_path / "nowhere", "-o", tmp_path / "work", "--vocabulary", nano)),
        ("nothing", ("--data", shared / "data", "-o", tmp_path / "work", "--vocabulary", tmp_path / "nothing")),
        ("file", ("--data", shared / "data", "-o", tmp_path / "file", "--vocabulary", nano)),
    )
    for named, options in rows:
        run = biomatrix("corpus", recipe, *options)
        assert run.status == 1
        assert "Traceback" not in run.err
        assert named in run.err.strip().splitlines()[-1]


RECIPE = """
[model]
vocabulary = "{vocabulary}"
hidden_size = {hidden_size}
num_layers = 1
intermediate_size = 48
num_heads = 4
num_kv_heads = 2
head_dim = 8
max_positions = 128
initialisation = "random"
[data]
train = "shards/train"
[batches]
tokens = 128
max_length = 64
buckets = [32, 64]
window = 64
[optimiser]
peak_lr = 1e-3
warmup_steps = 2
[run]
output = "run"
max_steps = {steps}
precision = "fp32"
save_every = 4
keep = 2
"""

CORPUS = """
name = "tiny"
seed = 1
[[sources]]
name = "mine"
reader = "csv"
files = ["mine.csv"]
kind = "molecule"
entity = "smiles"
licence = ["CC0-1.0"]
[views]
molecule_smiles = 1.0
"""


@pytest.fixture
def stopped_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, biomatrix: Command) -> Path:
    """The folder of a run that stopped at step 16 of 20 with checkpoints at 12 and 16."""
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{'C' * (1 + number % 30)}O\n" for number in range(200))
    (tmp_path / "mine.csv").write_text("smiles\n" + rows)
    (tmp_path / "corpus.toml").write_text(CORPUS)
    nano = SHIPPED / "nano"
    built = biomatrix("corpus", "corpus.toml", "--data", ".", "-o", "work", "--vocabulary", nano, "--shards", "shards")
    assert built.status == 0, built.err
    write_recipe(tmp_path, steps=16)
    run = biomatrix("pretrain", "recipe.toml")
    assert run.status == 0, run.err
    write_recipe(tmp_path, steps=20)
    return tmp_path


def write_recipe(folder: Path, **values: int) -> None:
    settings = {"hidden_size": 32, "steps": 20, "vocabulary": SHIPPED / "nano", **values}
    (folder / "recipe.toml").write_text(RECIPE.format(**settings))


def cut_in_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["model.safetensors", "optimizer.safetensors"])
def test_resume_damaged_md(stopped_run: Path, biomatrix: Command, damage: str) -> None:
    assert sorted(path.name for path in (stopped_run / "run").glob("checkpoint-*")) == [
        "checkpoint-00000012",
        "checkpoint-00000016",
    ]
    (newest,) = (stopped_run / "run" / "checkpoint-00000016").rglob(damage)
    if damage.startswith("model"):
        cut_in_half(newest)
    else:
        newest.unlink()
    run = biomatrix("pretrain", "recipe.toml")
    assert "Traceback" not in run.err
    assert "checkpoint-00000012" in run.err
    assert damage in run.err
    assert run.status in (0, 1)


@pytest.mark.slow
def test_resume_with_other_sizes(stopped_run: Path, biomatrix: Command) -> None:
    write_recipe(stopped_run, hidden_size=64)
    run = biomatrix("pretrain", "recipe.toml")
    assert run.status == 1
    line = run.err.strip().splitlines()[-1]
    assert all(word in line for word in ("hidden_size", "32", "64"))
    assert "Traceback" not in run.err


@pytest.mark.slow
@pytest.mark.exhaustive
def test_many_tokens_md(tmp_path: Path) -> None:
    peaks = {count: _decoding_peak(tmp_path, count) for count in (1_000, 50_000)}
    assert peaks[50_000] < 1.2 * peaks[1_000], peaks


def _decoding_peak(folder: Path, count: int) -> float:
    """Return the largest memory, in MB, of a process that decodes lines of SMILES."""
    with gzip.open(folder / "lines.jsonl.gz", "wt") as lines:
        for number in range(count):
            text = "<|mol_smi_start|>CC(C)COC(c1ccccc1)=O<|mol_smi_end|>"
            lines.write(json.dumps({"text": text, "name": f"m{number}"}) + "\n")
    program = (
        "import sys; from pathlib import Path; from biomatrix.conversion import decode_from_lines\n"
        "from biomatrix.peak_memory import peak_memory_bytes\n"
        "counts = decode_from_lines(sys.argv[1], Path(sys.argv[2])); assert not counts.rejected\n"
        "print(peak_memory_bytes() / 2**20)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(bm.__file__).parents[1])}
    command = [sys.executable, "-c", program, str(folder / "lines.jsonl.gz"), str(folder / "out.smi")]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
