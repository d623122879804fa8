"""Tables of a recipe: rows of several entities, entities in files, a split of one's own, columns left unread."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from biomatrix.corpus.check_build import check_build
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.records import Record
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import open_source
from biomatrix.entities import Molecule, Protein
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import BioMatrixError, ConfigurationError

PROTEIN = "MKTAYIAKQRQISFVKSHFSRQ"
PARTS = {"ligand": {"kind": "molecule", "column": "smiles"}, "protein": {"kind": "protein", "column": "sequence"}}


def entry(**given: Any) -> SourceRecipe:
    return SourceRecipe.model_validate({"name": "own", "reader": "csv", "files": ["own.csv"], **given})


def read(source: SourceRecipe, root: Path) -> tuple[dict[str, Record], dict[str, str]]:
    opened = open_source(source, root)
    found, refused = {}, {}
    for identifier, row in opened.rows():
        try:
            found[identifier] = opened.record(identifier, row)
        except BioMatrixError as error:
            refused[identifier] = error.message
    return found, refused


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rows = [f"p1,CCO,{PROTEIN},6.1,train", f"p2,c1ccccc1C,{PROTEIN}A,7,Test", f"p3,,{PROTEIN},5,train"]
    (tmp_path / "own.csv").write_text("id,smiles,sequence,pk,part\n" + "\n".join(rows) + "\n")
    return tmp_path


def test_rows_of_parts_are_interactions(pairs: Path) -> None:
    found, refused = read(entry(id="id", parts=PARTS, fields={"pk": "affinity"}), pairs)
    first = found["p1"]
    assert (first.kind, first.fields, list(first.parts)) == ("interaction", {"affinity": "6.1"}, ["ligand", "protein"])
    assert isinstance(first.parts["ligand"], Molecule)
    assert isinstance(first.parts["protein"], Protein)
    assert refused == {"p3": "no value in the column smiles"}
    assert open_source(entry(parts=PARTS), pairs).provenance.category == "cross_entity"
    with pytest.raises(ValueError, match="leave entity and kind out"):
        entry(parts=PARTS, kind="molecule", entity="smiles")


def test_a_column_says_what_is_held_out(pairs: Path) -> None:
    rule = {"column": "part"}
    found, _ = read(entry(id="id", parts=PARTS, hold_out=rule), pairs)
    assert {name: record.split for name, record in found.items()} == {"p1": "train", "p2": "held_out"}
    with pytest.raises(ConfigurationError, match="no column side"):
        read(entry(id="id", parts=PARTS, hold_out={"column": "side"}), pairs)
    with pytest.raises(ValueError, match="either a column"):
        entry(parts=PARTS, hold_out={"column": "part", "by": "scaffold"})


def test_scaffolds_stand_on_one_side(tmp_path: Path) -> None:
    rings = ["c1ccccc1", "c1ccncc1", "C1CCCCC1", "c1ccoc1", "C1CCNCC1", "c1ccc2ccccc2c1", "c1ccsc1", "C1CCOCC1"]
    smiles = [f"{chain}{ring}" for ring in rings for chain in ("C", "CC", "CCC", "OCC", "NCC", "ClCC", "CCCC")]
    (tmp_path / "own.csv").write_text("smiles\n" + "\n".join([*smiles, "CCO", "CCN"]) + "\n")
    described = {"kind": "molecule", "entity": "smiles"}
    found, refused = read(entry(**described, hold_out={"by": "scaffold", "one_in": 3}), tmp_path)
    sides: dict[str, set[str]] = {"train": set(), "held_out": set()}
    for record in found.values():
        molecule: Any = record.entity
        sides[record.split].add(kind_of(molecule).overlap_keys(molecule).get("scaffold", str(molecule)))
    assert sides["train"]
    assert sides["held_out"]
    assert not sides["train"] & sides["held_out"]
    assert len(found) + len(refused) == len(smiles) + 2
    assert all("hold_out" in reason for reason in refused.values())
    with pytest.raises(ConfigurationError, match="did you mean scaffold"):
        open_source(entry(**described, hold_out={"by": "scafold"}), tmp_path)
    with pytest.raises(ConfigurationError, match="texts have a column"):
        open_source(entry(fields={"smiles": "text"}, hold_out={"by": "scaffold"}), tmp_path)


def test_a_column_names_files_and_their_records(tmp_path: Path) -> None:
    (tmp_path / "poses").mkdir()
    (tmp_path / "poses/two.sdf").write_text(_sdf("one", "C") + _sdf("two", "N"))
    (tmp_path / "own.csv").write_text("file\ntwo.sdf#two\ntwo.sdf\nnone.sdf\n../own.csv\n/etc/passwd\n")
    source = entry(kind="molecule", entity="file", folder="poses")
    found, refused = read(source, tmp_path)
    assert [kind_of(one.entity).identity(one.entity) for one in found.values() if one.entity] == ["N"]
    assert ["several records" in refused["2"], "no file" in refused["3"]] == [True, True]
    assert "leads out" in refused["4"]
    assert "leads out" in refused["5"]
    before = open_source(source, tmp_path).fingerprint
    (tmp_path / "poses/two.sdf").write_text(_sdf("one", "C") + _sdf("two", "O"))
    assert open_source(source, tmp_path).fingerprint != before


def test_files_of_several_formats_are_read_as_their_names_say(tmp_path: Path) -> None:
    (tmp_path / "a.sdf").write_text(_sdf("one", "C"))
    (tmp_path / "b.smi").write_text("CCO ethanol\nCCN\n")
    source = SourceRecipe(name="own", reader="files", files=["*.sdf", "*.smi"])
    found, refused = read(source, tmp_path)
    assert len(found) == 3
    assert not refused
    with pytest.raises(ConfigurationError, match="no columns"):
        open_source(source.model_copy(update={"hold_out": entry(hold_out={"column": "x"}).hold_out}), tmp_path)


def test_columns_that_come_into_no_document_are_told(pairs: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = entry(id="id", parts=PARTS, fields={"pk": "affinity", "part": "Part"}, licence=["CC0-1.0"])
    recipe = CorpusRecipe(name="r", sources=[source], views={"ligand_protein": 1.0})
    with caplog.at_level(logging.WARNING):
        check_build(recipe, pairs, [], None)
    [message] = [record.getMessage() for record in caplog.records]
    assert "writes Part" in message
    assert "affinity" not in message
    assert "lower case" in message


def test_a_test_set_that_is_not_there_stops_the_build(pairs: Path) -> None:
    unread = {"name": "ours", "reader": "csv", "files": ["ours.csv"], "kind": "molecule", "entity": "smiles"}
    given = {"name": "r", "sources": [entry(parts=PARTS)], "views": {"ligand_protein": 1.0}}
    recipe = CorpusRecipe.model_validate({**given, "decontamination": {"sets": [unread]}})
    with pytest.raises(ConfigurationError, match="source ours: no file matches"):
        check_build(recipe, pairs, [], None)


def _sdf(name: str, atom: str) -> str:
    line = f"    0.0000    0.0000    0.0000 {atom}   0  0  0  0  0  0  0  0  0  0  0  0"
    return "\n".join([name, "", "", "  1  0  0  0  0  0  0  0  0  0999 V2000", line, "M  END", "$$$$", ""])
