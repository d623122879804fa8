"""The text of mmCIF files: chains of backbones, and which of them is which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Final

from biomatrix.entities.files.writing import write_atomically
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.files.text import backbone_atoms, check_distinct
from biomatrix.entities.title_lines import title_line
from biomatrix.entities.writers import RecordWriter, Refusal, named_anew
from biomatrix.errors import BioMatrixError

_IN_MEMORY: Final[int] = 1 << 24
_PIECE: Final[int] = 1 << 20
_TABLES: Final[dict[str, tuple[str, ...]]] = {
    "_entity": ("id", "type", "pdbx_description", "details"),
    "_entity_poly": ("entity_id", "type", "pdbx_seq_one_letter_code_can", "pdbx_strand_id"),
    "_atom_site": (
        "group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id",
        "label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
        "B_iso_or_equiv", "auth_seq_id", "auth_comp_id", "auth_asym_id", "auth_atom_id", "pdbx_PDB_model_num",
    ),
}  # fmt: skip


def cif_text(proteins: Sequence[Protein]) -> str:
    """Return an mmCIF file of backbones: author and label identifiers, one entity per chain, under its name.

    A chain without an identifier has an empty author identifier, and a label identifier of its own.

    Raises
    ------
    UnsupportedError
        No chain, two of one identifier, or a chain without a structure.
    """
    check_distinct(proteins)
    with _Document() as document:
        for protein in proteins:
            document.add(protein, protein.chain)
        return b"".join(document.pieces()).decode()


class CifWriter(RecordWriter):
    """An mmCIF file of many chains; a chain whose identifier is taken is given another, and a note says so.

    The rows of its tables wait in temporary files, so memory does not grow with their number.

    Parameters
    ----------
    path : str or Path
    refuse : callable
        See :data:`biomatrix.entities.writers.Refusal`.
    finish : callable, optional
        Turns the text into the bytes of the file, where these are another form of it that is made as a whole.
    """

    def __init__(self, path: str | Path, refuse: Refusal, finish: Callable[[str], bytes] | None = None) -> None:
        super().__init__(path, refuse)
        self._finish = finish
        self._document = _Document()
        self._names: set[str] = set()
        self._changed = 0

    def write(self, entity: Protein, number: int) -> None:  # type: ignore[override]
        chain = entity.chain
        name = chain
        suffix = 1
        while name in self._names:
            suffix += 1
            name = f"{chain or 'A'}{suffix}"
        try:
            self._document.add(entity, name)
        except BioMatrixError as error:
            self._refuse(number, error)
            return
        self._names.add(name)
        self._changed += name != chain
        self.count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._document as document:
            if kind is not None or not self.count:
                return
            with write_atomically(self.path) as stream:
                if self._finish is None:
                    stream.writelines(document.pieces())
                else:
                    stream.write(self._finish(b"".join(document.pieces()).decode()))
        self.notes = named_anew(self._changed, "chain identifiers", "_entity.details of the file")


class _Document:
    """The tables of one data block, to which chains are added one by one."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._rows: dict[str, IO[bytes]] = {}
        for name in _TABLES:
            self._rows[name] = self._stack.enter_context(SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 (the stack closes it)
        self._first = ""
        self._chains = self._atoms = 0

    def __enter__(self) -> _Document:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, protein: Protein, name: str) -> None:
        """Add a chain under a name; raise UnsupportedError, and add nothing, where it has no structure."""
        from gemmi import cif

        entity, chain, place = str(self._chains + 1), cif.quote(name), 0
        label = chain if name else f"chain{entity}"
        previous: tuple[int, str] | None = None
        atoms: list[list[str]] = []
        for atom, residue, number, code, xyz in backbone_atoms(protein):
            place += (number, code) != previous
            previous = (number, code)
            serial = str(self._atoms + len(atoms) + 1)
            position = [f"{value:.3f}" for value in xyz.tolist()]
            names = ["ATOM", serial, atom[0], atom, ".", residue, label, entity, str(place), code or "?"]
            atoms.append([*names, *position, "1.00", "0.00", str(number), residue, chain, atom, "1"])
        title = title_line(protein.name)
        origin = cif.quote(f"chain {protein.chain} of its source") if name != protein.chain else "?"
        self._write("_entity", [[entity, "polymer", cif.quote(title) if title else "?", origin]])
        self._write("_entity_poly", [[entity, "'polypeptide(L)'", cif.quote(protein.sequence), chain]])
        self._write("_atom_site", atoms)
        self._first = self._first if self._chains else protein.name
        self._chains += 1
        self._atoms += len(atoms)

    def pieces(self) -> Iterable[bytes]:
        """Yield the text of the file in pieces."""
        from gemmi import cif

        block = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in self._first)
        block = block if block and block.isascii() else "biomatrix"
        yield f"data_{block}\n_entry.id {cif.quote(block)}\n\n".encode()  # a bare one may begin as a tag does
        for name, columns in _TABLES.items():
            yield ("loop_\n" + "".join(f"{name}.{column}\n" for column in columns)).encode()
            rows = self._rows[name]
            rows.seek(0)
            while piece := rows.read(_PIECE):
                yield piece
            yield b"\n"

    def _write(self, table: str, rows: Iterable[Sequence[str]]) -> None:
        self._rows[table].writelines(f"{' '.join(row)}\n".encode() for row in rows)
