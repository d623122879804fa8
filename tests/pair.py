"""A toy kind, a protein with a molecule beside it, and composite modalities that write it; for tests of any room."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from biomatrix.entities import Entity, Kind, Molecule, Protein, kind, register_kind, unregister_kind
from biomatrix.entities.composite import CompositeModality, Part
from biomatrix.entities.layout import Slot
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import DecodeError, UnsupportedError


class Pair(Entity):
    """A protein and a molecule, and perhaps how near they are, from 0 to 7."""

    __slots__ = ("molecule", "name", "near", "notes", "protein")
    kind: ClassVar[str] = "pair"

    def __init__(self, protein: Protein, molecule: Molecule, near: int | None = None, name: str = "") -> None:
        self.protein, self.molecule, self.near, self.name = protein, molecule, near, name
        self.notes = ()

    @property
    def has_structure(self) -> bool:
        return self.protein.has_structure and self.molecule.has_structure

    def to_file(self, path: str | Path) -> None:
        raise UnsupportedError("pairs are not written to files", file=str(path))


class Shelf(Entity):
    """Several pairs."""

    __slots__ = ("name", "notes", "pairs")
    kind: ClassVar[str] = "shelf"

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs, self.name, self.notes = tuple(pairs), "", ()

    @property
    def has_structure(self) -> bool:
        return all(pair.has_structure for pair in self.pairs)

    def to_file(self, path: str | Path) -> None:
        raise UnsupportedError("shelves are not written to files", file=str(path))


class PairStructure(CompositeModality):
    """Both in three dimensions, nothing between them."""

    name: ClassVar[str] = "pair_structure"
    kind: ClassVar[str] = "pair"
    start_token: ClassVar[str] = "<|pair_3d_start|>"
    end_token: ClassVar[str] = "<|pair_3d_end|>"
    start_description: ClassVar[str] = "Begins a protein with a molecule"
    end_description: ClassVar[str] = "Ends a protein with a molecule"
    file_format: ClassVar[str] = "pdb"
    parts: ClassVar[tuple[str, ...]] = ("protein_structure", "molecule_structure")
    measured_by: ClassVar[str | None] = "protein_structure"

    def segments_of(self, entity: Entity) -> Sequence[str | tuple[str, Entity]]:
        pair = _as_pair(entity)
        return ("protein_structure", pair.protein), ("molecule_structure", pair.molecule)

    def assemble(self, segments: Sequence[str | Part]) -> Entity:
        return _pair_of(segments, None)


class PairText(CompositeModality):
    """The sequence, perhaps a token that says how near they are, and the molecule as SMILES or SELFIES."""

    name: ClassVar[str] = "pair_text"
    kind: ClassVar[str] = "pair"
    start_token: ClassVar[str] = "<|pair_text_start|>"
    end_token: ClassVar[str] = "<|pair_text_end|>"
    start_description: ClassVar[str] = "Begins a sequence with a molecule"
    end_description: ClassVar[str] = "Ends a sequence with a molecule"
    file_format: ClassVar[str] = "txt"
    parts: ClassVar[tuple[str, ...]] = ("protein_sequence", "molecule_smiles", "molecule_selfies")
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(r"<near [0-7]>")
    layout: ClassVar[tuple[Slot, ...]] = (
        Slot(("protein_sequence",)),
        Slot(own=True, least=0),
        Slot(("molecule_smiles", "molecule_selfies")),
    )

    def segments_of(self, entity: Entity) -> Sequence[str | tuple[str, Entity]]:
        pair = _as_pair(entity)
        near = [] if pair.near is None else [f"<near {pair.near}>"]
        return [("protein_sequence", pair.protein), *near, ("molecule_smiles", pair.molecule)]

    def assemble(self, segments: Sequence[str | Part]) -> Entity:
        near = [int(segment[-2]) for segment in segments if isinstance(segment, str)]
        return _pair_of(segments, near[0] if near else None)

    def vocabulary(self) -> Mapping[str, str]:
        return {f"<near {number}>": f"near {number}" for number in range(8)}


class ShelfText(CompositeModality):
    """One or more pairs, each a composite itself."""

    name: ClassVar[str] = "shelf_text"
    kind: ClassVar[str] = "shelf"
    start_token: ClassVar[str] = "<|shelf_start|>"
    end_token: ClassVar[str] = "<|shelf_end|>"
    start_description: ClassVar[str] = "Begins several pairs"
    end_description: ClassVar[str] = "Ends several pairs"
    file_format: ClassVar[str] = "txt"
    parts: ClassVar[tuple[str, ...]] = ("pair_text",)
    layout: ClassVar[tuple[Slot, ...]] = (Slot(("pair_text",), most=None),)

    def segments_of(self, entity: Entity) -> Sequence[str | tuple[str, Entity]]:
        assert isinstance(entity, Shelf)
        return [("pair_text", pair) for pair in entity.pairs]

    def assemble(self, segments: Sequence[str | Part]) -> Entity:
        return Shelf([segment.entity for segment in segments if not isinstance(segment, str)])  # type: ignore[misc]


class PairKind(Kind):
    """Pairs, as the rest of the package sees them."""

    name: ClassVar[str] = "pair"
    plural: ClassVar[str] = "pairs"
    typed_as: ClassVar[str] = "a sequence, a slash and a SMILES string"
    modalities: ClassVar[Mapping[str, str]] = {
        "pair_structure": f"{__name__}:PairStructure",
        "pair_text": f"{__name__}:PairText",
    }

    @property
    def entity(self) -> type[Entity]:
        return Pair

    def parse(self, text: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> Entity:
        sequence, _, smiles = text.partition("/")
        return Pair(Protein(sequence), Molecule.from_smiles(smiles), name=name)

    def text(self, entity: Any) -> str:
        return f"{entity.protein.sequence}/{entity.molecule.smiles}"

    def to_bytes(self, entity: Any) -> bytes:
        parts = [kind("protein").to_bytes(entity.protein).hex(), kind("molecule").to_bytes(entity.molecule).hex()]
        return json.dumps([*parts, entity.near]).encode()

    def from_bytes(self, data: bytes, name: str = "") -> Entity:
        protein, molecule, near = json.loads(data)
        return Pair(
            kind("protein").from_bytes(bytes.fromhex(protein)),  # type: ignore[arg-type]
            kind("molecule").from_bytes(bytes.fromhex(molecule)),  # type: ignore[arg-type]
            near,
            name,
        )

    def identity(self, entity: Any) -> str:
        return self.text(entity)

    def identities(self, entity: Any) -> tuple[tuple[str, str], ...]:
        return (*kind("protein").identities(entity.protein), *kind("molecule").identities(entity.molecule))


@contextmanager
def registered_pairs() -> Iterator[None]:
    """Register the kind for as long as the block runs."""
    register_kind(PairKind())
    try:
        yield
    finally:
        unregister_kind("pair")


def _as_pair(entity: Entity) -> Pair:
    if not isinstance(entity, Pair):
        raise UnsupportedError(f"a {type(entity).__name__} is no pair")
    return entity


def _pair_of(segments: Sequence[str | Part], near: int | None) -> Pair:
    protein, molecule = [segment.entity for segment in segments if not isinstance(segment, str)]
    assert isinstance(protein, Protein)
    assert isinstance(molecule, Molecule)
    if len(protein) == 13:
        raise DecodeError("thirteen residues bind nothing", position=0)
    return Pair(protein, molecule, near)
