"""The wheel: installed into a fresh environment outside the checkout, it does its work with all it carries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "biomatrix"

pytestmark = pytest.mark.slow


def run(arguments: list[str | Path], folder: Path) -> str:
    """Run a program in a folder, without this checkout on its path; return what it printed."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "BIOMATRIX_KINDS"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="the wheel is built by hatchling, which is not installed")
    folder = tmp_path_factory.mktemp("dist")
    command = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("biomatrix-*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment that holds the wheel; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    command = [
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-compile",
        str(wheel),
    ]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (own,) = folder.glob("lib/python*/site-packages")
    # A path in a .pth file is searched last, and .pth files behind it are not read: an editable checkout stays hidden.
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def test_the_wheel_holds_everything_but_caches(wheel: Path) -> None:
    held = {
        name.removeprefix("biomatrix/") for name in zipfile.ZipFile(wheel).namelist() if name.startswith("biomatrix/")
    }
    wanted = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - held == set()
    assert {Path(name).suffix for name in wanted} >= {".py", ".safetensors", ".json", ".js", ".css", ".md", ".typed"}


def test_it_runs_from_the_wheel_alone(programs: Path, tmp_path: Path) -> None:
    home = run([programs / "python", "-c", "import biomatrix; print(biomatrix.__file__)"], tmp_path)
    assert Path(home.strip()).is_relative_to(programs.parent)
    version = run([programs / "python", "-c", "import biomatrix; print(biomatrix.__version__)"], tmp_path)
    assert run([programs / "biomatrix", "--version"], tmp_path) == version


def test_molecules_go_through_files_tokens_and_back(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "in.smi").write_text("CC(=O)Oc1ccccc1C(=O)O aspirin\n")
    run([programs / "biomatrix", "encode", "in.smi", "-m", "molecule_selfies", "-o", "tokens.jsonl"], tmp_path)
    run([programs / "biomatrix", "decode", "tokens.jsonl", "-o", "out.smi"], tmp_path)
    assert (tmp_path / "out.smi").read_text().split()[0] == "CC(=O)Oc1ccccc1C(=O)O"


def test_structures_and_the_shipped_model_work(programs: Path, tmp_path: Path) -> None:
    code = """
import json
import biomatrix as bm
molecule = bm.Molecule.from_smiles("CCO").embed(seed=0)
structure = bm.modality("molecule_structure")
chain = bm.Protein.from_sequence("MKTAYIAKQRQISFVK")
(answer,) = bm.load("nano").generate(["Fold ", chain, "."], output="protein_structure", length=len(chain), seed=0)
print(json.dumps([structure.decode(structure.encode(molecule)).smiles, len(answer.entity)]))
"""
    assert json.loads(run([programs / "python", "-c", code], tmp_path)) == ["CCO", 16]


def test_it_examines_itself(programs: Path, tmp_path: Path) -> None:
    assert json.loads(run([programs / "biomatrix", "doctor", "--json"], tmp_path))
