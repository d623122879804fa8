"""Small structure files for tests: a straight chain with bonds of the right length, written column by column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from biomatrix.entities import Protein, read_proteins

_COLUMNS = (
    "group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_entity_id label_seq_id "
    "pdbx_PDB_ins_code Cartn_x Cartn_y Cartn_z occupancy B_iso_or_equiv auth_seq_id auth_asym_id pdbx_PDB_model_num"
)
CIF_COLUMNS = _COLUMNS.split()

Place = tuple[float, float, float]


def places(number: int, shift: float = 0.0) -> dict[str, Place]:
    """N, CA and C of a residue of a chain whose peptide bonds are 1.33 Angstrom long."""
    start = 3.8 * number + shift
    return {"N": (start, 0.0, 0.0), "CA": (start + 1.2, 0.8, 0.0), "C": (start + 2.47, 0.0, 0.0)}


def atom(
    name: str,
    residue: str,
    number: int,
    xyz: Place,
    *,
    chain: str = "A",
    alternate: str = " ",
    occupancy: float = 1.0,
    record: str = "ATOM",
    segment: str = "",
) -> str:
    """One record; a residue name of four letters takes column 21, a chain of two letters as well."""
    beside = f"{residue:>3}{chain:>2}" if len(chain) > 1 else f"{residue:<4}{chain:1}"
    x, y, z = xyz
    return (
        f"{record:<6}{1:>5} {' ' + name:<4}{alternate}{beside}{number:>4}    "
        f"{x:8.3f}{y:8.3f}{z:8.3f}{occupancy:6.2f}{0:6.2f}      {segment:<4}{name[0]:>2}\n"
    )


def residue(number: int, name: str = "ALA", shift: float = 0.0, **columns: object) -> str:
    """N, CA and C of one residue."""
    return "".join(atom(a, name, number, xyz, **columns) for a, xyz in places(number, shift).items())  # type: ignore[arg-type]


def chain_of(names: Sequence[str], **columns: object) -> str:
    """A chain of named residues, numbered from 1."""
    return "".join(residue(number, name, **columns) for number, name in enumerate(names, start=1))


def cif(rows: Sequence[dict[str, object]], block: str = "x", without: Sequence[str] = ()) -> str:
    """An mmCIF data block of atoms, with some columns left out."""
    columns = [name for name in CIF_COLUMNS if name not in without]
    lines = [f"data_{block}", "loop_", *(f"_atom_site.{name}" for name in columns)]
    lines += [" ".join(str(row[name]) for name in columns) for row in rows]
    return "\n".join(lines) + "\n"


def cif_rows(
    names: Sequence[str], chain: str = "A", model: int = 1, shift: float = 0.0, **values: object
) -> list[dict[str, object]]:
    """The rows of a chain of named residues, numbered from 1."""
    rows: list[dict[str, object]] = []
    for number, name in enumerate(names, start=1):
        for label, (x, y, z) in places(number, shift).items():
            row: dict[str, object] = dict.fromkeys(CIF_COLUMNS, ".")
            row |= {
                "group_PDB": "ATOM", "id": len(rows) + 1, "type_symbol": label[0], "label_atom_id": label,
                "label_comp_id": name, "label_asym_id": chain, "label_entity_id": 1, "label_seq_id": number,
                "pdbx_PDB_ins_code": "?", "Cartn_x": f"{x:.3f}", "Cartn_y": f"{y:.3f}", "Cartn_z": f"{z:.3f}",
                "occupancy": "1.00", "B_iso_or_equiv": "0.00", "auth_seq_id": number, "auth_asym_id": chain,
                "pdbx_PDB_model_num": model,
            }  # fmt: skip
            rows.append(row | values)
    return rows


def read(tmp_path: Path, content: str | bytes, extension: str = "pdb", chain: str | None = None) -> Protein:
    """The one chain of a file of this content."""
    path = tmp_path / f"x.{extension}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Protein.from_file(path, chain)


def read_all(tmp_path: Path, content: str | bytes, extension: str = "pdb") -> list[Protein]:
    """Every chain of a file of this content."""
    path = tmp_path / f"x.{extension}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = list(read_proteins(path))
    assert all(isinstance(one, Protein) for one in found), found
    return [one for one in found if isinstance(one, Protein)]
