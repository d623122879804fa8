"""A protein chain: its sequence, perhaps its backbone, and what was noted while reading it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.chain_fields import INFINITE_NOTE, checked_codes, checked_notes, checked_numbers
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.protein.invariants import (
    backbone_array,
    check_sequence,
    check_text,
    checked_backbone,
    foreign_letter,
)
from biomatrix.entities.records import read_entity, write_entities
from biomatrix.errors import BioMatrixError, ParseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from biomatrix.entities.protein.files.context import Context

_LONGEST_PEPTIDE_BOND: Final[float] = 2.0
_LONGEST_ALPHA_STEP: Final[float] = 4.5


@dataclass(frozen=True, eq=False, repr=False)
class Protein(Entity):
    """One chain, residue by residue.

    Parameters
    ----------
    sequence : str
        One letter per residue, length L: the 20 amino acids, U, O, B, Z, J and X.
    backbone : ndarray, shape=(L, 3, 3), dtype=float32, optional
        Positions in Angstrom of (N, CA, C) of every residue, NaN where unresolved; None for a sequence alone.
    name : str
        A label for messages and file titles.
    chain : str
        The author's chain identifier.
    residue_numbers : ndarray, shape=(L,), dtype=int32, optional
        The author's residue numbers; 1..L when not given.
    insertion_codes : tuple of str, optional
        One code per residue, "" for none.
    notes : tuple of str
        What a reader did to the record, one sentence each; empty when nothing was changed.
    context : Context, optional
        All atoms of the file it was read from, where the reader was called with ``context=True``.

    Raises
    ------
    ParseError
        Fields of another length than the sequence, or of another shape or type. Arrays of other numbers are converted;
        infinite positions become NaN, which is noted.
    UnsupportedError
        A letter that is no amino acid.
    """

    kind: ClassVar[str] = "protein"

    sequence: str
    backbone: NDArray[np.float32] | None = None
    name: str = ""
    chain: str = "A"
    residue_numbers: NDArray[np.int32] | None = None
    insertion_codes: tuple[str, ...] | None = None
    notes: tuple[str, ...] = field(default=())
    context: Context | None = None

    def __post_init__(self) -> None:
        for what in ("name", "chain"):
            check_text(what, getattr(self, what))
        try:
            self._check()
        except BioMatrixError as error:
            raise error.at(record=self.name or None) from error.__cause__

    def _check(self) -> None:
        """Refuse fields that are not those of a chain, and give the others their type."""
        check_sequence(self.sequence)
        settled: dict[str, object] = {"notes": checked_notes(self.notes)}
        if self.backbone is not None:
            settled["backbone"], infinite = checked_backbone(self.backbone, len(self))
            if infinite:
                settled["notes"] = (*self.notes, INFINITE_NOTE.format(count=infinite))
        if self.residue_numbers is not None:
            settled["residue_numbers"] = checked_numbers(self.residue_numbers, len(self))
        if self.insertion_codes is not None:
            settled["insertion_codes"] = checked_codes(self.insertion_codes, len(self))
        for what, values in settled.items():
            object.__setattr__(self, what, values)

    @classmethod
    def from_sequence(cls, sequence: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> Protein:
        """Read one-letter codes; white space and a final ``*`` are dropped, lower case becomes upper case, all noted.

        Raises
        ------
        ParseError
            A letter that is no amino acid, with its index from 0 as ``position``, or no letter at all.
        LimitError
            More letters than ``limits.residues_per_chain``.

        Examples
        --------
        >>> Protein.from_sequence("MKTW").sequence
        'MKTW'
        """
        check_text("sequence", sequence)
        letters = "".join(sequence.split())
        limits.check("residues_per_chain", len(letters), "length of the sequence in residues")
        notes = []
        if letters.endswith("*"):
            letters = letters[:-1]
            notes.append("the stop sign at the end dropped")
        if letters != letters.upper():
            letters = letters.upper()
            notes.append("lower-case letters raised")
        if not letters:
            raise ParseError("an empty sequence")
        found = foreign_letter(letters)
        if found is not None:
            index, reason = found
            raise ParseError(reason, position=index)
        return cls(letters, name=name, notes=tuple(notes))

    @classmethod
    def from_backbone(
        cls, backbone: ArrayLike, sequence: str | None = None, name: str = "", chain: str = "A"
    ) -> Protein:
        """Make a chain from coordinates, ``float [L, 3, 3]`` in Angstrom; its sequence is all X where none is given.

        Raises
        ------
        ParseError
            Another shape, a sequence of another length, or a letter that is no amino acid.
        """
        positions = backbone_array(backbone)
        letters = "X" * len(positions) if sequence is None else sequence
        if isinstance(letters, str) and len(letters) != len(positions):
            raise ParseError(f"{len(letters)} letters for {len(positions)} residues")
        return replace(cls.from_sequence(letters, name), backbone=positions, chain=chain)

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        chain: str | None = None,
        *,
        file_format: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
        context: bool = False,
    ) -> Protein:
        """Read one chain of a .pdb, .ent, .cif, .bcif or .fasta file, gzipped or not.

        Parameters
        ----------
        path : str or Path
            ``-`` reads standard input, with ``file_format``.
        chain : str, optional
            The author's identifier; the archive's (label) is accepted where no author chain has the name. Needed
            where the file holds several protein chains. In FASTA, the first word of the record's header.
        context : bool
            Keep all atoms of a structure file, side chains, ligands and nucleic chains included, as ``.context``.

        Raises
        ------
        ParseError
            A broken file, no protein chain, several where ``chain`` names none, or none of that name.
        """
        settings = {"context": True} if context else {}
        protein = read_entity(path, chain, kind=cls.kind, file_format=file_format, limits=limits, **settings)
        assert isinstance(protein, cls)
        return protein

    @classmethod
    def from_fasta(cls, path: str | Path, record: str | None = None, *, limits: Limits = DEFAULT_LIMITS) -> Protein:
        """Read one record of a FASTA file, by the first word of its header where there are several."""
        return cls.from_file(path, record, file_format="fasta", limits=limits)

    def __repr__(self) -> str:
        shown = self.sequence if len(self) <= 24 else f"{self.sequence[:21]}..."
        structure = ", structure" if self.has_structure else ""
        return f"Protein({shown!r}, {len(self)} residues, chain {self.chain!r}{structure})"

    def __len__(self) -> int:
        return len(self.sequence)

    @property
    def has_structure(self) -> bool:
        """Whether the chain carries backbone coordinates."""
        return self.backbone is not None

    @property
    def resolved(self) -> NDArray[np.bool_]:
        """Which residues have all of N, CA and C: ``bool [L]``, all false without a structure."""
        if self.backbone is None:
            return np.zeros(len(self), dtype=bool)
        return np.asarray(np.isfinite(self.backbone).all(axis=(1, 2)))

    @property
    def chain_breaks(self) -> NDArray[np.int64]:
        """Indices of residues that no peptide bond joins to the one before, ``int64 [breaks]``: C-N past 2.0 Angstrom.

        Where N or C is missing, the CA-CA distance decides (4.5 Angstrom); where a CA is missing too, none is
        reported.
        """
        if self.backbone is None or len(self) < 2:
            return np.zeros(0, dtype=np.int64)
        bond = np.linalg.norm(self.backbone[1:, 0] - self.backbone[:-1, 2], axis=-1)
        step = np.linalg.norm(self.backbone[1:, 1] - self.backbone[:-1, 1], axis=-1)
        apart = np.where(np.isfinite(bond), bond > _LONGEST_PEPTIDE_BOND, step > _LONGEST_ALPHA_STEP)
        return np.flatnonzero(apart) + 1

    @property
    def numbers(self) -> tuple[str, ...]:
        """The residues' numbers with their insertion codes, such as ``"52A"``; 1..L when the chain has none."""
        count = range(1, len(self) + 1) if self.residue_numbers is None else self.residue_numbers.tolist()
        codes: Sequence[str] = self.insertion_codes or ("",) * len(self)
        return tuple(f"{number}{code}" for number, code in zip(count, codes, strict=True))

    def without_unresolved(self) -> Protein:
        """Return the chain without the residues that lack N, CA or C; the others keep their numbers.

        Raises
        ------
        ParseError
            The chain has a backbone, but no residue has all of N, CA and C.
        """
        keep = np.flatnonzero(self.resolved)
        dropped = len(self) - len(keep)
        if self.backbone is None or not dropped:
            return self
        if not keep.size:
            raise ParseError("no residue of the chain has all of N, CA and C", record=self.chain)
        numbers = np.arange(1, len(self) + 1) if self.residue_numbers is None else self.residue_numbers
        return replace(
            self,
            sequence="".join(self.sequence[index] for index in keep.tolist()),
            backbone=self.backbone[keep],
            residue_numbers=numbers[keep].astype(np.int32),
            insertion_codes=self.insertion_codes and tuple(self.insertion_codes[index] for index in keep.tolist()),
            notes=(*self.notes, f"{dropped} unresolved residues dropped"),
        )

    def first(self, length: int) -> Protein:
        """Return the first ``length`` residues, with a note of the cut; the chain itself where it has no more."""
        if len(self) <= length:
            return self
        kept = slice(0, length)
        return replace(
            self,
            sequence=self.sequence[kept],
            backbone=None if self.backbone is None else self.backbone[kept],
            residue_numbers=None if self.residue_numbers is None else self.residue_numbers[kept],
            insertion_codes=None if self.insertion_codes is None else self.insertion_codes[kept],
            notes=(*self.notes, f"shown by its first {length} of {len(self)} residues"),
        )

    def to_file(self, path: str | Path) -> None:
        """Write the chain as .pdb, .ent, .cif, .bcif (backbone with O rebuilt) or .fasta, gzipped where it ends in .gz.

        Raises
        ------
        UnsupportedError
            No structure to write, or an identifier or number that the columns of PDB cannot hold: write .cif.
        """
        write_entities([self], path)

    def same_as(self, other: Protein, tolerance: float = 1e-3) -> bool:
        """Return whether sequence, numbering and backbone agree, positions within ``tolerance`` Angstrom."""
        if self.sequence != other.sequence or self.numbers != other.numbers:
            return False
        if self.backbone is None or other.backbone is None:
            return self.backbone is other.backbone
        return bool(np.allclose(self.backbone, other.backbone, rtol=0.0, atol=tolerance, equal_nan=True))
