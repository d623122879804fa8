"""What the package promises: its public names, its documentation's links and examples, what imports cost."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import biomatrix

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "biomatrix"
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
MODULES = sorted(module.name for module in pkgutil.walk_packages(biomatrix.__path__, "biomatrix."))

PUBLIC = {
    "BioMatrixError",
    "Cell",
    "CellSet",
    "Entity",
    "Kind",
    "Modality",
    "Model",
    "Molecule",
    "MoleculeStructureTokenizer",
    "NucleicAcid",
    "Protein",
    "ProteinStructureTokenizer",
    "RnaStructureTokenizer",
    "Soft",
    "Vocabulary",
    "__version__",
    "load",
    "modality",
    "read",
    "register_kind",
    "register_modality",
    "relax",
}


def test_the_public_names_are_the_listed_ones() -> None:
    assert set(biomatrix.__all__) == PUBLIC
    for name in PUBLIC:
        assert getattr(biomatrix, name) is not None
    with pytest.raises(AttributeError, match="no attribute"):
        _ = biomatrix.no_such_name


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, biomatrix; print(sorted({'torch', 'transformers', 'rdkit', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_rooms_without_a_model_do_not_load_torch() -> None:
    rooms = ["entities", "trust", "vocabulary", "metrics"]  # the first that loads one is named
    heavy = "sorted({'torch', 'transformers'} & set(sys.modules))"
    code = "\n".join(["import sys", *(f"import biomatrix.{room}; print('{room}', {heavy})" for room in rooms)])
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [f"{room} []" for room in rooms]


@pytest.mark.parametrize("room", sorted({name.split(".")[1] for name in MODULES} - {"__main__"}))
def test_examples_in_docstrings_hold(room: str) -> None:
    failed = []
    for name in MODULES:
        if name.split(".")[1] == room and not name.endswith("__main__"):
            module = importlib.import_module(name)
            if doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).failed:
                failed.append(name)  # what it printed stands above
    assert failed == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_in_the_documentation_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http://", "https://", "#")):
            assert (page.parent / target.split("#")[0]).exists(), f"{page.name}: {target}"


def test_the_documented_commands_exist() -> None:
    from typer.testing import CliRunner

    from biomatrix.cli.main import app

    asked = set()
    for page in PAGES:
        asked |= set(re.findall(r"^\s*(?:\.venv/bin/)?biomatrix ([a-z]+)", page.read_text(encoding="utf-8"), re.M))
    assert asked
    for command in asked:
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0, command
