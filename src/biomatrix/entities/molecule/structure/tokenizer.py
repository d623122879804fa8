"""What every molecule structure tokenizer is: molecules with a conformer to one code an atom, and back to 3D."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, overload

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.structure.assembly import DecodedGraph, decoded_graph, with_positions
from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule, prepare
from biomatrix.entities.tokenizer_folder import load_weights
from biomatrix.errors import BioMatrixError, ConfigurationError, WeightsError

ARCHITECTURES = ("conditioned", "molstructok")
Decoder = Literal["branch", "trunk"]
OnError = Literal["raise", "return"]

_BATCH = 256


@dataclass(frozen=True, eq=False)
class MoleculeCodes:
    """A molecule as SELFIES symbols and structure codes.

    Parameters
    ----------
    symbols : tuple of str, length S
        SELFIES symbols in brackets.
    codes : ndarray, shape=(S,), dtype=int16
        The code of each atom symbol, -1 where the symbol is not an atom.
    notes : tuple of str
        What was lost on the way, one sentence each.
    """

    symbols: tuple[str, ...]
    codes: NDArray[np.int16]
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def atom_codes(self) -> NDArray[np.int16]:
        """The codes of the atoms alone, ``int16 [num_atoms]``."""
        return self.codes[self.codes >= 0]


class MoleculeStructureTokenizer(ABC):
    """Turns molecules with a conformer into codes, one an atom, and codes into molecules in 3D.

    Codes do not depend on the batch a molecule was encoded in, nor on where it lies in space.

    Parameters
    ----------
    name : str
        What the weights are called.
    fingerprint : str
        Two tokenizers that share it give the same codes.
    closed_loop : bool
        Whether each atom's code is chosen against the frame rebuilt from the codes before it. Errors then do not add
        up along a chain. The decoder is the same either way.
    config : dict, optional
        The description the weights came with.
    """

    architecture: ClassVar[str]
    places_fragments: ClassVar[bool] = False
    """Whether codes place the fragments of a salt or mixture beside one another; else these are refused."""

    def __init__(self, *, name: str, fingerprint: str, closed_loop: bool, config: dict[str, Any] | None = None) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.closed_loop = closed_loop
        self.config = config or {}

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path = "default",
        *,
        closed_loop: bool | None = None,
        decoder: Decoder | None = None,
        reference: bool = False,
        hub: bool = False,
    ) -> MoleculeStructureTokenizer:
        """Open shipped weights by name, a tokenizer folder, or the published checkpoint as a safetensors file.

        The class follows from the ``architecture`` of the config.

        Parameters
        ----------
        name_or_path : str or Path
            A shipped name, a folder, a ``.safetensors`` file, or with ``hub`` a repository.
        closed_loop : bool, optional
            Overrides what the weights were made for. The published language models were trained on open-loop
            codes.
        decoder : {"branch", "trunk"}, optional
            Which decoder of the published checkpoint; "branch" is the published choice, "trunk" the more
            exact one.
        reference : bool
            Behave exactly as the published code does, where it stops and where it errs as well; open loop and branch
            decoder unless asked otherwise. For the published architecture alone.
        hub : bool
            Download from the Hugging Face hub. Never done unless asked for.

        Raises
        ------
        WeightsError
            No such folder, damaged files, or an architecture this package does not know.
        ConfigurationError
            ``reference`` for an architecture that nothing was published for.
        """
        if str(name_or_path).endswith(".safetensors"):
            from biomatrix.entities.molecule.structure.molstructok.checkpoint import read_checkpoint

            stored = read_checkpoint(Path(name_or_path))
        else:
            stored = load_weights("molecule", name_or_path, hub=hub)
        if reference and stored.architecture != "molstructok":
            raise ConfigurationError(
                f"reference=True is for the published architecture, not for {stored.architecture!r}",
                file=str(stored.folder),
            )
        if reference:
            from biomatrix.entities.molecule.structure.molstructok.reference import PublishedMolStrucTok

            return PublishedMolStrucTok.from_weights(stored, closed_loop=closed_loop, decoder=decoder)
        if stored.architecture == "molstructok":
            from biomatrix.entities.molecule.structure.molstructok.tokenizer import MolStrucTok

            return MolStrucTok.from_weights(stored, closed_loop=closed_loop, decoder=decoder)
        if stored.architecture == "conditioned":
            from biomatrix.entities.molecule.structure.conditioned.tokenizer import ConditionedTokenizer

            if decoder is not None:
                raise ConfigurationError(
                    "decoder= is for the published checkpoint: this codec has one decoder", file=str(stored.folder)
                )
            return ConditionedTokenizer.from_weights(stored, closed_loop=closed_loop)
        raise WeightsError(
            f"unknown architecture {stored.architecture!r}: this version reads {', '.join(ARCHITECTURES)}",
            file=str(stored.folder),
        )

    @property
    @abstractmethod
    def num_codes(self) -> int:
        """The size of the codebook."""

    @property
    @abstractmethod
    def code_features(self) -> Array:
        """What each code places, ``float64 [num_codes, F]``: alike for codes that place alike."""

    @abstractmethod
    def codes_of(self, inputs: Sequence[PreparedMolecule]) -> list[NDArray[np.int16]]:
        """Return the codes of the atoms of each molecule, in SELFIES order."""

    @abstractmethod
    def positions_of(self, graphs: Sequence[DecodedGraph]) -> list[Array]:
        """Return where the codes of each molecule place its atoms, ``float64 [N, 3]`` in Angstrom."""

    def by_geometry_alone(self) -> MoleculeStructureTokenizer | None:
        """Return the same codec choosing codes as near to the true geometry as it can, at whatever price in bits.

        None where codes are chosen so already. What it writes, this tokenizer reads.
        """
        return None

    def prepared(self, molecule: Molecule, slot: int = 0) -> PreparedMolecule:
        """Return a molecule checked and in SELFIES order; a BioMatrixError says what cannot be encoded."""
        return prepare(molecule, slot, fragments=self.places_fragments)

    def graph_of(self, sequence: MoleculeCodes) -> DecodedGraph:
        """Return the graph that symbols spell, with one code an atom; a BioMatrixError says what spells none."""
        return decoded_graph(sequence.symbols, sequence.codes, self.num_codes, fragments=self.places_fragments)

    def molecule_of(self, graph: DecodedGraph, positions: Array) -> Molecule:
        """Return the molecule of a graph and the positions of its atoms, ``float64 [N, 3]`` in Angstrom."""
        return with_positions(graph, positions)

    @overload
    def encode(self, molecules: Sequence[Molecule], *, on_error: Literal["raise"] = "raise") -> list[MoleculeCodes]: ...

    @overload
    def encode(
        self, molecules: Sequence[Molecule], *, on_error: Literal["return"]
    ) -> list[MoleculeCodes | BioMatrixError]: ...

    def encode(
        self, molecules: Sequence[Molecule], *, on_error: OnError = "raise"
    ) -> list[MoleculeCodes] | list[MoleculeCodes | BioMatrixError]:
        """Return the codes of molecules that carry a conformer; every explicit atom gets one.

        Parameters
        ----------
        molecules : sequence of Molecule
            With a 3D conformer and, as the weights expect, explicit hydrogens.
        on_error : {"raise", "return"}
            Raise the first error, or put each error in the place of its molecule. An error names its record.
        """
        results: list[MoleculeCodes | BioMatrixError] = []
        for start in range(0, len(molecules), _BATCH):
            results += self._encode_batch(molecules[start : start + _BATCH], start, on_error)
        return results

    @overload
    def decode(self, sequences: Sequence[MoleculeCodes], *, on_error: Literal["raise"] = "raise") -> list[Molecule]: ...

    @overload
    def decode(
        self, sequences: Sequence[MoleculeCodes], *, on_error: Literal["return"]
    ) -> list[Molecule | BioMatrixError]: ...

    def decode(
        self, sequences: Sequence[MoleculeCodes], *, on_error: OnError = "raise"
    ) -> list[Molecule] | list[Molecule | BioMatrixError]:
        """Return molecules in 3D, stereochemistry perceived from the geometry; no force field is run.

        Parameters
        ----------
        sequences : sequence of MoleculeCodes
        on_error : {"raise", "return"}
            Raise the first error, or put each error in the place of its molecule. An error names its record.
        """
        results: list[Molecule | BioMatrixError] = []
        for start in range(0, len(sequences), _BATCH):
            results += self._decode_batch(sequences[start : start + _BATCH], start, on_error)
        return results

    def _encode_batch(
        self, molecules: Sequence[Molecule], first_record: int, on_error: OnError
    ) -> list[MoleculeCodes | BioMatrixError]:
        results: list[MoleculeCodes | BioMatrixError | None] = [None] * len(molecules)
        inputs: list[PreparedMolecule] = []
        for slot, molecule in enumerate(molecules):
            try:
                inputs.append(self.prepared(molecule, slot))
            except BioMatrixError as error:
                located = error.at(record=molecule.name or first_record + slot + 1)
                if on_error == "raise":
                    raise located from error
                results[slot] = located
        for item, atom_codes in zip(inputs, self.codes_of(inputs), strict=True):
            codes = np.full(len(item.graph.symbols), -1, dtype=np.int16)
            codes[item.mask] = atom_codes
            results[item.slot] = MoleculeCodes(item.graph.symbols, codes, item.notes)
        return [result for result in results if result is not None]

    def _decode_batch(
        self, sequences: Sequence[MoleculeCodes], first_record: int, on_error: OnError
    ) -> list[Molecule | BioMatrixError]:
        results: list[Molecule | BioMatrixError | None] = [None] * len(sequences)
        graphs: list[tuple[int, DecodedGraph]] = []
        for slot, sequence in enumerate(sequences):
            try:
                graphs.append((slot, self.graph_of(sequence)))
            except BioMatrixError as error:
                located = error.at(record=first_record + slot + 1)
                if on_error == "raise":
                    raise located from error
                results[slot] = located
        for (slot, graph), positions in zip(graphs, self.positions_of([g for _, g in graphs]), strict=True):
            results[slot] = self.molecule_of(graph, positions)
        return [result for result in results if result is not None]


__all__ = ["MoleculeCodes", "MoleculeStructureTokenizer"]
