"""A nucleic acid: its sequence, what is annotated on it, perhaps its base pairs and its backbone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.chain_fields import (
    INFINITE_NOTE,
    backbone_array,
    checked_codes,
    checked_notes,
    checked_numbers,
    finite_or_missing,
)
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.nucleic import invariants
from biomatrix.entities.nucleic.bases import (
    BaseKind,
    as_dna,
    as_rna,
    base_kind,
    check_letters,
    reverse_complement,
)
from biomatrix.entities.nucleic.features import Feature, coding_sequences
from biomatrix.entities.nucleic.genetic_code import genetic_code
from biomatrix.entities.nucleic.thresholds import LONGEST_STEP
from biomatrix.entities.records import read_entity, write_entities
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

StartReading = Literal["as written", "M"]


@dataclass(frozen=True, eq=False, repr=False)
class NucleicAcid(Entity):
    """One molecule of DNA or RNA, written from its 5' to its 3' end.

    Legend: L bases.

    Parameters
    ----------
    sequence : str
        IUPAC's fifteen letters and I, in capitals; T in DNA, U in RNA.
    kind : {"dna", "rna"}
        In any case.
    strands : {1, 2}
        Whether its complement lies beside it; by default 2 for DNA and 1 for RNA.
    circular : bool
        Whether its last base is joined to its first.
    soft_masked : tuple of (int, int)
        Half-open stretches that were in lower case, which marks repeats.
    features : tuple of Feature
    pairs : tuple of (int, int), optional
        Its base pairs with itself, each with the smaller index first, sorted; None where they are not known.
    backbone : ndarray, shape=(L, 15, 3), dtype=float32, optional
        Positions in Angstrom of the atoms :attr:`ATOMS`, NaN where unresolved.
    modified : tuple of (int, str)
        The index of each modified residue and its name in the component dictionary; its parent's letter stands in the
        sequence.
    chain : str
        The author's chain identifier.
    residue_numbers : ndarray, shape=(L,), dtype=int32, optional
        The author's residue numbers; 1..L when not given.
    insertion_codes : tuple of str, optional
        One code per residue, "" for none.
    name : str
        A label for messages and file titles.
    notes : tuple of str
        What a reader did to the record, one sentence each; empty when nothing was changed.

    Raises
    ------
    ParseError
        Fields of another length than the sequence, or of another shape or type.
    UnsupportedError
        A letter that is none of the kind's.
    """

    ATOMS: ClassVar[tuple[str, ...]] = (
        "P", "OP1", "OP2", "O5'", "C5'", "C4'", "O4'", "C3'", "O3'", "C2'", "O2'", "C1'", "N", "C2|C4", "C6|C8",
    )  # fmt: skip
    """The atoms of ``backbone``: N is N9 of a purine, N1 of a pyrimidine and C5 of pseudouridine; the atom of the base
    beside it comes next, C4 or C2 (C4 in pseudouridine), then the other, C8 or C6."""

    sequence: str
    kind: str = "dna"
    strands: int = 0
    circular: bool = False
    soft_masked: invariants.Pairs = ()
    features: tuple[Feature, ...] = ()
    pairs: invariants.Pairs | None = None
    backbone: NDArray[np.float32] | None = None
    modified: tuple[tuple[int, str], ...] = ()
    chain: str = "A"
    residue_numbers: NDArray[np.int32] | None = None
    insertion_codes: tuple[str, ...] | None = None
    name: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for what in ("sequence", "name", "chain"):
            invariants.check_text(what, getattr(self, what))
        try:
            settled = self._settled()
        except BioMatrixError as error:
            raise error.at(record=self.name or None) from error.__cause__
        for what, value in settled.items():
            object.__setattr__(self, what, value)

    def _settled(self) -> dict[str, object]:
        """Refuse fields that are not those of a nucleic acid, and return the others in their type."""
        kind, length = base_kind(self.kind), len(self.sequence)
        check_letters(self.sequence, kind)
        settled: dict[str, object] = {
            "kind": kind,
            "strands": invariants.checked_strands(self.strands, 2 if kind == "dna" else 1),
            "soft_masked": invariants.checked_masked(self.soft_masked, length),
            "features": invariants.checked_features(self.features, length),
            "modified": invariants.checked_modified(self.modified, length),
            "notes": checked_notes(self.notes),
        }
        if self.pairs is not None:
            settled["pairs"] = invariants.checked_pairs(self.pairs, length)
        if self.backbone is not None:
            positions = backbone_array(self.backbone, len(self.ATOMS), "atoms of NucleicAcid.ATOMS")
            settled["backbone"], infinite = finite_or_missing(positions, length)
            if infinite:
                settled["notes"] = (*self.notes, INFINITE_NOTE.format(count=infinite))
        if self.residue_numbers is not None:
            settled["residue_numbers"] = checked_numbers(self.residue_numbers, length)
        if self.insertion_codes is not None:
            settled["insertion_codes"] = checked_codes(self.insertion_codes, length)
        return settled

    @classmethod
    def from_sequence(
        cls, sequence: str, kind: str | None = None, name: str = "", *, limits: Limits = DEFAULT_LIMITS
    ) -> NucleicAcid:
        """Read letters: white space is dropped, lower case is kept as soft masking, U in DNA and T in RNA are read.

        Parameters
        ----------
        sequence : str
        kind : str, optional
            ``dna`` or ``rna``; where None, RNA if there is a U and no T.
        name : str
        limits : Limits

        Raises
        ------
        ParseError
            A letter that is none of IUPAC's, with its index from 0 as ``position``; both T and U; no letter.
        LimitError
            More letters than ``limits.bases_per_sequence``.

        Examples
        --------
        >>> NucleicAcid.from_sequence("acgtNN").soft_masked
        ((0, 4),)
        """
        from biomatrix.entities.nucleic.letters import read_letters

        invariants.check_text("sequence", sequence)
        return read_letters(cls, sequence, None if kind is None else base_kind(kind), name, limits)

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        record: str | None = None,
        *,
        kind: str | None = None,
        file_format: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> NucleicAcid:
        """Read one record or strand of a file, gzipped or not; ``record`` names it where there are several.

        Raises
        ------
        ParseError
            A broken file, no nucleic acid in it, several where ``record`` names none, or none of that name.
        """
        wanted = (base_kind(kind),) if kind is not None else (None, "dna", "rna")
        failure: BioMatrixError | None = None
        for name in wanted:
            try:
                found = read_entity(path, record, kind=name, file_format=file_format, limits=limits)
            except BioMatrixError as error:
                failure = error if name is not None and failure is None else failure
                continue
            if isinstance(found, cls):  # of a complex, what is not asked for by its kind is its protein
                return found
        assert failure is not None
        raise failure

    def __repr__(self) -> str:
        shown = self.sequence if len(self) <= 24 else f"{self.sequence[:21]}..."
        more = (
            (self.circular, "circular"),
            (bool(self.features), f"{len(self.features)} features"),
            (self.pairs is not None, f"{len(self.pairs or ())} pairs"),
            (self.has_structure, "structure"),
        )
        said = ", ".join(word for true, word in more if true)
        return f"NucleicAcid({shown!r}, {self.kind.upper()}, {len(self)} bases{', ' if said else ''}{said})"

    def __len__(self) -> int:
        return len(self.sequence)

    def __eq__(self, other: object) -> bool:
        """Whether all fields agree, positions to the last bit; ``name`` and ``notes`` are not compared."""
        if not isinstance(other, NucleicAcid):
            return NotImplemented
        plain = ("sequence", "kind", "strands", "circular", "soft_masked", "features", "pairs", "modified", "chain")
        if any(getattr(self, what) != getattr(other, what) for what in plain) or self.numbers != other.numbers:
            return False
        if self.backbone is None or other.backbone is None:
            return self.backbone is other.backbone
        return np.array_equal(self.backbone, other.backbone, equal_nan=True)

    def __hash__(self) -> int:
        return hash((self.kind, self.sequence))

    @property
    def base_kind(self) -> BaseKind:
        """Its kind, for functions of letters."""
        return base_kind(self.kind)

    @property
    def has_structure(self) -> bool:
        """Whether it carries coordinates."""
        return self.backbone is not None

    @property
    def numbers(self) -> tuple[str, ...]:
        """The residues' numbers with their insertion codes, such as ``"20A"``; 1..L when it has none."""
        count = range(1, len(self) + 1) if self.residue_numbers is None else self.residue_numbers.tolist()
        codes: Sequence[str] = self.insertion_codes or ("",) * len(self)
        return tuple(f"{number}{code}" for number, code in zip(count, codes, strict=True))

    @property
    def chain_breaks(self) -> NDArray[np.int64]:
        """Indices of nucleotides that nothing joins to the one before, ``int64 [breaks]``: C4'-P past 5.5 Angstrom.

        Where C4' or P is missing, a break is reported: nothing tells that they are joined.
        """
        if self.backbone is None or len(self) < 2:
            return np.zeros(0, dtype=np.int64)
        step = np.linalg.norm(self.backbone[1:, 0] - self.backbone[:-1, 5], axis=-1)
        return np.flatnonzero(~(step <= LONGEST_STEP)) + 1

    # What it is in other words

    def reverse_complement(self) -> NucleicAcid:
        """Return the other strand from its 5' end; its own inverse, features and soft masking follow.

        What belongs to this strand alone stays behind, which is noted: pairs, coordinates, modified residues, numbers.
        """
        length = len(self)
        return replace(
            self,
            sequence=reverse_complement(self.sequence, self.base_kind),
            soft_masked=tuple((length - stop, length - start) for start, stop in reversed(self.soft_masked)),
            features=tuple(one.reversed(length) for one in self.features),
            **_BARE,
            notes=self._notes_without("the other strand"),
        )

    def _notes_without(self, what: str) -> tuple[str, ...]:
        """Return the notes of a molecule made of its letters, with one of what was left behind."""
        left = [word for field, word in _OWN.items() if _given(getattr(self, field))]
        return (*self.notes, f"{what}, without {', '.join(left)}") if left else self.notes

    def transcribe(self) -> NucleicAcid:
        """Return the RNA of these letters, U for T, as one linear strand. Raises UnsupportedError where it is RNA."""
        if self.kind == "rna":
            raise UnsupportedError("it is RNA already; back_transcribe() gives the DNA")
        notes = self._notes_without("transcribed")
        return replace(
            self, sequence=as_rna(self.sequence), kind="rna", strands=1, circular=False, **_BARE, notes=notes
        )

    def back_transcribe(self) -> NucleicAcid:
        """Return the DNA of these letters, T for U, with both strands. Raises UnsupportedError where it is DNA."""
        if self.kind == "dna":
            raise UnsupportedError("it is DNA already; transcribe() gives the RNA")
        notes = self._notes_without("transcribed back")
        return replace(self, sequence=as_dna(self.sequence), kind="dna", strands=2, **_BARE, notes=notes)

    def translate(
        self, table: int = 1, start: StartReading = "as written", *, recoded: Mapping[int, str] | None = None
    ) -> str:
        """Return the amino acids of its codons from the first base on, ``*`` for stops, X where readings differ.

        Parameters
        ----------
        table : int
            The id of the genetic code at NCBI.
        start : {"as written", "M"}
            Whether a first codon that is a start is read as what it spells or as M.
        recoded : mapping of int to str
            The index of a codon to ``U`` or ``O``, which a stop codon stands for there.

        Examples
        --------
        >>> NucleicAcid("GTGGGNTGA").translate(11, start="M")
        'MG*'
        """
        if start not in ("as written", "M"):
            raise ParseError(f'a start is read "as written" or as "M", not {start!r}')
        return genetic_code(table).translate(self.sequence, start_as_m=start == "M", recoded=recoded)

    def orfs(self, table: int = 1, shortest: int = 30) -> tuple[Feature, ...]:
        """Return the open reading frames: from the first start after a stop to the next stop, which is included.

        Both strands are read where there are two; frames cross the origin of a circle.

        Parameters
        ----------
        table : int
            The id of the genetic code at NCBI.
        shortest : int
            The least number of codons, the stop not counted.
        """
        from biomatrix.entities.nucleic.reading_frames import open_frames

        return tuple(open_frames(self, genetic_code(table), shortest))

    def cds(self, feature: Feature | str) -> NucleicAcid:
        """Return what a feature reads, its intervals joined and from its strand, the bases of its phase left out.

        Parameters
        ----------
        feature : Feature or str
            One of its features, or the name, gene or locus tag of a coding sequence.

        Raises
        ------
        ParseError
            No coding sequence of that name, or several; a feature past the end.
        """
        one = self._named_cds(feature) if isinstance(feature, str) else feature
        if one.end > len(self):
            raise ParseError(f"the feature {one.label} ends at {one.end}, past the {len(self)} bases")
        letters = one.letters(self.sequence, self.base_kind)[one.phase :]
        return NucleicAcid(letters, self.kind, self.strands, name=one.name or self.name, notes=self.notes)

    def _named_cds(self, name: str) -> Feature:
        coding = coding_sequences(self.features)
        named = [
            one for one in coding if name in (one.name, one.qualifiers.get("gene"), one.qualifiers.get("locus_tag"))
        ]
        if len(named) != 1:
            known = sorted({one.name for one in coding})
            found = "several coding sequences are" if named else "no coding sequence is"
            raise ParseError(f"{found} named {name!r}; there are {', '.join(known[:12]) or 'none'}; give the feature")
        return named[0]

    def slice(self, start: int, stop: int) -> NucleicAcid:
        """Return the bases of a half-open interval as a linear piece, with what is annotated on them.

        On a circle the interval may cross the origin: ``stop`` at or below ``start``, or past the end. Features are cut
        where they leave it, and cut ends marked; pairs with a base outside are dropped, which is noted.

        Raises
        ------
        ParseError
            An interval past the end of a linear sequence, or longer than a circular one.
        """
        windows = self._windows(start, stop)
        kept = [place for low, high in windows for place in range(low, high)] if self._has_places else []
        place_of = {place: index for index, place in enumerate(kept)}
        parts = (one.within(windows) for one in self.features)
        pairs, dropped = _pairs_within(self.pairs, place_of)
        return replace(
            self,
            sequence="".join(self.sequence[low:high] for low, high in windows),
            circular=False,
            soft_masked=_masked_within(self.soft_masked, windows),
            features=tuple(one for one in parts if one is not None),
            pairs=pairs,
            backbone=None if self.backbone is None else self.backbone[kept],
            modified=tuple((place_of[place], word) for place, word in self.modified if place in place_of),
            residue_numbers=None if self.residue_numbers is None else self.residue_numbers[kept],
            insertion_codes=self.insertion_codes and tuple(self.insertion_codes[place] for place in kept),
            notes=(*self.notes, f"{dropped} pairs with bases outside the slice were dropped")
            if dropped
            else self.notes,
        )

    @property
    def _has_places(self) -> bool:
        by_place = (self.pairs, self.modified, self.insertion_codes)
        return any(by_place) or self.backbone is not None or self.residue_numbers is not None

    def _windows(self, start: int, stop: int) -> tuple[tuple[int, int], ...]:
        """Return the linear stretches of an interval, one or, across the origin of a circle, two."""
        length = len(self)
        if 0 <= start <= stop <= length and not (self.circular and start == stop):
            return ((start, stop),)
        wrapped = stop - length if stop > length else stop
        if not (self.circular and 0 <= start < length and 0 <= wrapped <= start):
            around = f"; a circle is cut from 0 to {length} on" if self.circular else ", which is linear"
            raise ParseError(f"the interval {start}..{stop} is not within the {length} bases{around}", position=stop)
        return ((start, length), (0, wrapped))

    def to_file(self, path: str | Path) -> None:
        """Write it as a file in the format that the extension names, such as .fasta, .gb, .cif or .dbn; gzipped in .gz.

        Raises
        ------
        UnsupportedError
            The format needs what it does not have, such as coordinates or base pairs.
        """
        write_entities([self], path)

    def same_as(self, other: NucleicAcid, tolerance: float = 1e-3) -> bool:
        """Return whether letters, kind, numbers, pairs and backbone agree, positions within ``tolerance`` Angstrom."""
        if (self.sequence, self.kind, self.numbers, self.pairs) != (
            other.sequence,
            other.kind,
            other.numbers,
            other.pairs,
        ):
            return False
        if self.backbone is None or other.backbone is None:
            return self.backbone is other.backbone
        return bool(np.allclose(self.backbone, other.backbone, rtol=0.0, atol=tolerance, equal_nan=True))


_OWN: Final[dict[str, str]] = {
    "pairs": "pairs",
    "backbone": "coordinates",
    "modified": "modified residues",
    "residue_numbers": "residue numbers",
    "insertion_codes": "insertion codes",
}
"""The fields that belong to one strand alone, in words."""
_BARE: Final[dict[str, Any]] = {
    "pairs": None,
    "backbone": None,
    "modified": (),
    "residue_numbers": None,
    "insertion_codes": None,
}
"""The same fields of a molecule that only has letters."""


def _pairs_within(pairs: invariants.Pairs | None, place_of: Mapping[int, int]) -> tuple[invariants.Pairs | None, int]:
    """Return the pairs of kept bases by their new indices, and how many lost a base."""
    if pairs is None:
        return None, 0
    kept = tuple((place_of[one], place_of[two]) for one, two in pairs if one in place_of and two in place_of)
    touched = sum(one in place_of or two in place_of for one, two in pairs)
    return kept, touched - len(kept)


def _masked_within(masked: invariants.Pairs, windows: Sequence[tuple[int, int]]) -> invariants.Pairs:
    return tuple(_masked_parts(masked, windows))


def _masked_parts(masked: invariants.Pairs, windows: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    offset = 0
    for low, high in windows:
        for start, stop in masked:
            if max(start, low) < min(stop, high):
                yield max(start, low) - low + offset, min(stop, high) - low + offset
        offset += high - low


def _given(value: object) -> bool:
    return value is not None and not (isinstance(value, tuple) and not value)
