"""Files are read whatever their first bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import biomatrix
from biomatrix.entities import Entity, Molecule, Protein, kind_of, read
from biomatrix.entities.files.reading import read_lines
from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import ConfigurationError

MOL2 = """@<TRIPOS>MOLECULE
methanol
 2 1 0 0 0
SMALL
NO_CHARGES

@<TRIPOS>ATOM
 1 C1 0.0000 0.0000 0.0000 C.3 1 UNL 0.0
 2 O1 1.4000 0.0000 0.0000 O.3 1 UNL 0.0
@<TRIPOS>BOND
 1 1 2 1
"""


@pytest.mark.parametrize("name", ["x.txt", "x.txt.gz"])
def test_a_byte_order_mark_is_no_part_of_a_line(tmp_path: Path, name: str) -> None:
    content = "\ufeffCCO one\r\n\ufeffCC\n".encode()
    write_whole(tmp_path / name, content)
    assert list(read_lines(tmp_path / name)) == ["CCO one", "CC"]


@pytest.mark.parametrize("extension", ["smi", "sdf", "mol2", "fasta", ""])
def test_files_with_a_byte_order_mark_are_read(tmp_path: Path, extension: str) -> None:
    of_fasta = extension in ("fasta", "")
    entity = Protein("MKV", name="x") if of_fasta else Molecule.from_smiles("CCO").embed(seed=0)
    plain = tmp_path / f"x.{extension or 'fasta'}"
    if extension == "mol2":
        plain.write_text(MOL2)
    else:
        entity.to_file(plain)
    marked = tmp_path / (f"marked.{extension}" if extension else "marked")
    marked.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
    (expected,), (found,) = ([*read(path)] for path in (plain, marked))
    assert isinstance(found, Entity)
    of = kind_of(found)
    assert of.to_bytes(found) == of.to_bytes(expected)


@pytest.mark.parametrize("path", [None, 5, b"/tmp"])
def test_what_is_no_path_is_refused_in_words(path: Any) -> None:
    with pytest.raises(ConfigurationError, match="a file is named by a text or a Path"):
        biomatrix.read(path)
    with pytest.raises(ConfigurationError, match="a model is named by a text or a Path"):
        biomatrix.load(path)


@pytest.mark.parametrize("name", [None, 5])
def test_what_is_no_name_of_a_modality_is_refused_in_words(name: Any) -> None:
    with pytest.raises(ConfigurationError, match="no modality named"):
        biomatrix.modality(name)
