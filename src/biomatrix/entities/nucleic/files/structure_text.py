"""PDB and mmCIF files of strands: the fifteen atoms of each nucleotide, under its name or that of its modification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.title_lines import title_line
from biomatrix.errors import UnsupportedError

_PURINES: Final = frozenset("AGRIN")
_PURINE: Final = ("N9", "C4", "C8")
_PYRIMIDINE: Final = ("N1", "C2", "C6")
_PSEUDOURIDINE: Final = ("C5", "C4", "C6")
_TURNED: Final = frozenset(("PSU", "B8N", "3TD", "P2U", "FHU"))
"""Components whose base hangs on C5."""
_DEOXY: Final = frozenset(("DA", "DC", "DG", "DT", "DU", "DI", "DN"))
_WRITTEN: Final = frozenset("ACGTUIN")
_ADVICE: Final = "which the columns of a PDB file cannot hold; write .cif"
_COLUMNS: Final = (
    "group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id",
    "label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
    "B_iso_or_equiv", "auth_seq_id", "auth_comp_id", "auth_asym_id", "auth_atom_id", "pdbx_PDB_model_num",
)  # fmt: skip


class _Atom(NamedTuple):
    name: str
    residue: str
    place: int
    number: int
    code: str
    position: tuple[float, float, float]
    modified: bool


def pdb_text(strands: Sequence[NucleicAcid]) -> str:
    """Return a PDB file, each strand closed by TER.

    Raises
    ------
    UnsupportedError
        Two strands of one identifier, one without coordinates, or a value that the columns cannot hold.
    """
    _check_distinct(strands)
    lines = [f"TITLE     {title_line(strands[0].name)[:69]}"] if len(strands) == 1 else []
    serial = 0
    for strand in strands:
        chain = strand.chain
        if len(chain) > 1 or not (chain.isascii() and chain.isprintable()):
            raise UnsupportedError(f"the chain identifier {chain!r} is longer than one letter, {_ADVICE}")
        last = ""
        for one in _atoms(strand):
            serial += 1
            wide = not -999 <= one.number <= 9999 or len(one.code) > 1 or len(one.residue) > 3 or serial >= 99_999
            if wide or not all(-1000 < value < 10000 for value in one.position):
                raise UnsupportedError(f"residue {one.number}{one.code} of chain {chain!r}, {_ADVICE}")
            last = f"{one.residue:>3} {chain or ' '}{one.number:>4}{one.code or ' '}"
            x, y, z = one.position
            record = "HETATM" if one.modified else "ATOM  "
            lines.append(
                f"{record}{serial:>5}  {one.name:<3} {last}   {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00          "
                f"{one.name[0]:>2}  "
            )
        serial += 1
        lines.append(f"TER   {serial:>5}      {last}")
    return "\n".join(f"{line:<80}" for line in [*lines, "END"]) + "\n"


def cif_text(strands: Sequence[NucleicAcid]) -> str:
    """Return an mmCIF file, one entity for each strand. Raises UnsupportedError as :func:`pdb_text`, columns aside."""
    from gemmi import cif

    _check_distinct(strands)
    document = cif.Document()
    block = document.add_new_block("biomatrix")
    entities = block.init_loop("_entity.", ["id", "type", "pdbx_description"])
    for at, strand in enumerate(strands, start=1):
        entities.add_row([str(at), "polymer", cif.quote(title_line(strand.name)) if title_line(strand.name) else "?"])
    # A loop lies in the block that holds it, which moves when another is begun.
    polymers = block.init_loop("_entity_poly.", ["entity_id", "type", "pdbx_seq_one_letter_code_can", "pdbx_strand_id"])
    for at, strand in enumerate(strands, start=1):
        kind = "polydeoxyribonucleotide" if strand.kind == "dna" else "polyribonucleotide"
        polymers.add_row([str(at), kind, strand.sequence, cif.quote(strand.chain) if strand.chain else "?"])
    table = block.init_loop("_atom_site.", list(_COLUMNS))
    serial = 0
    for at, strand in enumerate(strands, start=1):
        chain = cif.quote(strand.chain) if strand.chain else "?"
        label = chain if strand.chain else f"A{at}"
        for one in _atoms(strand):
            serial += 1
            group = "HETATM" if one.modified else "ATOM"
            name, residue = cif.quote(one.name), cif.quote(one.residue)
            xyz = [f"{value:.3f}" for value in one.position]
            table.add_row(
                [group, str(serial), one.name[0], name, ".", residue, label, str(at), str(one.place + 1),
                 cif.quote(one.code) if one.code else "?", *xyz, "1.00", "0.00", str(one.number), residue, chain, name,
                 "1"]
            )  # fmt: skip
    return str(document.as_string())


def _atoms(strand: NucleicAcid) -> Iterator[_Atom]:
    if strand.backbone is None:
        raise UnsupportedError("it has no structure; write its sequence as .fasta")
    present = np.asarray(np.isfinite(strand.backbone).all(axis=-1))
    if not present.any():
        raise UnsupportedError("no atom has a position; write its sequence as .fasta")
    modified = dict(strand.modified)
    numbers = range(1, len(strand) + 1) if strand.residue_numbers is None else strand.residue_numbers.tolist()
    codes = strand.insertion_codes or ("",) * len(strand)
    for place, (letter, number, code) in enumerate(zip(strand.sequence, numbers, codes, strict=True)):
        residue = modified.get(place) or _residue(letter, strand.kind, place)
        base = _PSEUDOURIDINE if residue in _TURNED else _PURINE if letter in _PURINES else _PYRIMIDINE
        for index, name in enumerate((*strand.ATOMS[:12], *base)):
            if present[place, index] and not (name == "O2'" and residue in _DEOXY):
                x, y, z = (float(value) for value in strand.backbone[place, index])
                yield _Atom(name, residue, place, number, code, (x, y, z), place in modified)


def _residue(letter: str, kind: str, place: int) -> str:
    if letter not in _WRITTEN:
        raise UnsupportedError(f"no residue stands for the ambiguous {letter!r} at {place}", position=place)
    return f"D{letter}" if kind == "dna" else letter


def _check_distinct(strands: Sequence[NucleicAcid]) -> None:
    chains = [strand.chain for strand in strands]
    if not chains:
        raise UnsupportedError("no strand to write")
    if len(set(chains)) < len(chains):
        raise UnsupportedError(f"two strands share an identifier, in {chains}: rename one, or write two files")
