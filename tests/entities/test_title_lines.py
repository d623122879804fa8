"""No name breaks the file that it stands in: one record comes back, and every line of the file prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from biomatrix.entities import Entity, Molecule, Protein, kind_of
from biomatrix.entities.records import read_entities
from biomatrix.entities.rejects import Reject
from biomatrix.entities.samples import Sample
from biomatrix.entities.title_lines import title_line

CONTROLS = "".join(map(chr, [*range(32), 127, 0x85, 0x9B, 0x200B, 0x2028, 0x202E, 0xFEFF]))
NAMES = [
    CONTROLS,
    "a".join(CONTROLS),
    "_loop",
    "loop_",
    "one\nCCO two",
    "$$$$",
    "x\n$$$$\nM  END",
    "x\n>two\nMKT",
    "x\nATOM      1  CA  ALA A   1       0.000   0.000   0.000",
    "x\n;\ndata_y\nloop_",
    "|$R$|",
    "\ttab",
]


@pytest.mark.parametrize("shape", ["molecule", "chain"])
def test_one_record_comes_back_whatever_its_name(
    shape: str, tmp_path: Path, make_helix: Callable[..., Protein]
) -> None:
    entity: Entity = Molecule.from_smiles("CCO").embed(seed=0) if shape == "molecule" else make_helix(12)
    kind = kind_of(entity)
    formats = [one for one in kind.formats if one.writes]
    assert len(formats) > 2
    for name in NAMES:
        named = kind.named(entity, name)
        sample = Sample(named, 1, {"note": name}, ())
        for one in formats:
            path = tmp_path / f"file{one.extensions[0]}"
            written = [kind.sample_bytes([sample], one.name)]
            written += [kind.record_bytes(named, one.name)] if one.appends else []
            for content in written:
                path.write_bytes(content)
                found = list(read_entities(path, kind=kind.name, file_format=one.name))
                assert len(found) == 1, (name, one.name, content)
                assert not isinstance(found[0], Reject), (name, one.name, found)
                assert kind.size(found[0]) == kind.size(entity)
                if one.name != "bcif":
                    strange = [
                        letter for letter in content.decode() if not letter.isprintable() and letter not in "\n\t"
                    ]
                    assert not strange, (name, one.name, strange)


def test_a_chain_label_that_does_not_print_breaks_no_file(tmp_path: Path, make_helix: Callable[..., Protein]) -> None:
    broken = replace(make_helix(12), chain="\n", name="")
    kind = kind_of(broken)
    for name in ("fasta", "pdb", "mmcif"):
        path = tmp_path / "file"
        path.write_bytes(kind.record_bytes(broken, name))
        assert len(list(read_entities(path, kind="protein", file_format=name))) == 1


def test_a_title_is_one_line_that_prints() -> None:
    assert title_line(CONTROLS) == ""
    assert title_line(" a\r\n\tb ") == "a b"
    assert title_line("Ångström β") == "Ångström β"
