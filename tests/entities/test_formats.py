"""A file whose name shows no format that counts is refused with what it is, and what to do."""

from __future__ import annotations

import pytest

from biomatrix.entities.formats import format_of
from biomatrix.entities.kind_registry import kind
from biomatrix.errors import UnsupportedError

REFUSED = {
    "data.csv": "--format smi",
    "data.tsv.gz": "or give --format smi",
    "book.xlsx": "save the sheet as CSV",
    "scheme.cdxml": "save it as .sdf",
    "poses.maegz": "export .sdf",
    "query.a3m": "an alignment",
    "md.xtc": "a trajectory",
    "frame.gro": "write .pdb",
    "thing.foo": "the extension '.foo' shows no known format; give the format with --format (file_format= in Python)",
    "thing": "a name without an extension; give the format with --format",
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_reason_says_what_the_file_is(name: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        format_of(name)
    assert REFUSED[name] in caught.value.message


@pytest.mark.parametrize(("name", "wanted", "reason"), [
    ("1abc.cif", "molecule", "a cif file holds proteins and DNA sequences and RNA sequences, no molecules; molecules are in files of smi"),
    ("seq.fasta", "molecule", "a fasta file holds proteins and DNA sequences and RNA sequences, no molecules"),
    ("ligand.sdf", "protein", "a sdf file holds molecules, no proteins; proteins are in files of pdb, cif"),
])  # fmt: skip
def test_a_file_of_another_kind_is_named_so(name: str, wanted: str, reason: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        format_of(name, among=[kind(wanted)])
    assert reason in caught.value.message
