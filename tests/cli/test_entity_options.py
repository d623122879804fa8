"""Options that name entities: one for each kind, registered ones from elsewhere included."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from biomatrix.cli.entity_options import GivenEntities, with_entity_options
from biomatrix.cli.main import app
from biomatrix.entities import Entity, Kind, Molecule, Protein, kind_names, register_kind, unregister_kind
from biomatrix.errors import BioMatrixError, ConfigurationError

RUNNER = CliRunner()


class PebbleKind(Kind):
    """A kind from elsewhere; what it parses does not matter here."""

    name = "pebble"
    plural = "pebbles"
    typed_as = "a colour"

    @property
    def entity(self) -> type[Entity]:
        return Molecule

    def parse(self, text: str, name: str = "", **settings: Any) -> Entity:
        return Molecule.from_smiles("C", name=text)

    def text(self, entity: Any) -> str:
        return str(entity.name)

    def to_bytes(self, entity: Any) -> bytes:
        return b""

    def from_bytes(self, data: bytes, name: str = "") -> Entity:
        return Molecule.from_smiles("C", name=name)

    def identity(self, entity: Any) -> str:
        return str(entity.name)


@pytest.fixture
def pebble() -> Iterator[Kind]:
    yield register_kind(PebbleKind())
    unregister_kind("pebble")


def parsed(*arguments: str) -> GivenEntities:
    """Return what a command is given."""
    seen: list[GivenEntities] = []

    def look(words: str, given: GivenEntities, protein_count: int = 1) -> None:
        seen.append(given)

    little = typer.Typer()
    little.command()(with_entity_options(look))
    result = RUNNER.invoke(little, ["ask", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return seen[0]


def words(given: GivenEntities) -> list[tuple[str, str]]:
    return [(one.kind, one.word) for one in given.each]


def test_every_kind_has_an_option() -> None:
    given = parsed("--protein", "MKV", "--molecule", "CCO", "--entity", "protein=GG", "--molecule", "C=C")
    assert words(given) == [("molecule", "CCO"), ("molecule", "C=C"), ("protein", "MKV"), ("protein", "GG")]
    kinds = [entity.kind for entity in given.read()]
    assert kinds == ["molecule", "molecule", "protein", "protein"]
    assert words(parsed()) == []


def test_a_kind_from_elsewhere_gets_its_option_by_itself(pebble: Kind) -> None:
    assert words(parsed("--pebble", "grey", "--entity", "pebble=red")) == [("pebble", "grey"), ("pebble", "red")]
    shown = RUNNER.invoke(app, ["generate", "--help"]).output
    for name in kind_names():
        assert f"--{name} " in shown


def test_a_record_is_chosen_of_the_given_file(tmp_path: Path) -> None:
    fasta, smiles = tmp_path / "two.fasta", tmp_path / "two.smi"
    fasta.write_text(">first\nMKVLAAGWKR\n>second\nGGWLLAAKRT\n")
    smiles.write_text("CCO ethanol\nC=C ethene\n")
    (chosen,) = parsed("--protein", str(fasta), "--chain", "second").read()
    assert isinstance(chosen, Protein)
    assert chosen.name == "second"
    molecule, chosen = parsed("--protein", str(fasta), "--record", "2", "--molecule", "CCO").read()
    assert chosen.name == "second"
    assert isinstance(molecule, Molecule)
    with pytest.raises(ConfigurationError, match="of which file"):
        parsed("--protein", str(fasta), "--molecule", str(smiles), "--record", "2").read()
    with pytest.raises(BioMatrixError, match="several records"):
        parsed("--protein", str(fasta), "--molecule", str(smiles), "--record", "molecule=2").read()
    both = ("--record", "molecule=2", "--record", "protein=first")
    read = parsed("--protein", str(fasta), "--molecule", str(smiles), *both).read()
    assert [entity.name for entity in read] == ["ethene", "first"]


def test_what_names_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="KIND=VALUE"):
        parsed("--entity", "MKV")
    with pytest.raises(ConfigurationError, match="no kind of entity named 'stone'"):
        parsed("--entity", "stone=grey")
    with pytest.raises(ConfigurationError, match="chosen from a file"):
        parsed("--protein", "MKV", "--record", "2").read()
    with pytest.raises(ConfigurationError, match="none was given"):
        GivenEntities.of((), ["2"])


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom biomatrix.cli.main import app\n"
        "try:\n    app(['generate', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "print(sorted({'torch', 'transformers', 'rdkit'} & set(sys.modules)))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "Example: biomatrix generate" in output
    assert output.splitlines()[-1] == "[]"
