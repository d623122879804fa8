"""The base of all molecule structure tokenizers: from a conformer to one code per atom, and back to 3D."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.structure.assembly import DecodedGraph, decoded_graph, with_positions
from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule, prepare
from biomatrix.entities.structure_tokenizer import StructureTokenizer
from biomatrix.errors import BioMatrixError, DecodeError

Decoder = Literal["branch", "trunk"]


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
        What was lost on the way, one sentence per loss.
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


class MoleculeStructureTokenizer(StructureTokenizer[Molecule, MoleculeCodes, MoleculeCodes, Molecule]):
    """Turns molecules with a conformer into codes, one per atom, and codes into molecules in 3D.

    Codes do not depend on the batch a molecule was encoded in, nor on where it lies in space. Molecules carry explicit
    hydrogens, as the weights expect; every explicit atom gets a code. Decoded molecules get their stereochemistry from
    the geometry; no force field is run.

    Parameters
    ----------
    name : str
        The name of the weights.
    fingerprint : str
        Tokenizers with the same fingerprint give the same codes.
    closed_loop : bool
        Whether each atom's code is chosen against the frame rebuilt from the codes before it. Errors then do not add
        up along a chain. The decoder is the same either way. ``from_pretrained(closed_loop=...)`` overrides what the
        weights were trained for; the published language models were trained on open-loop codes.
    config : mapping, optional
        The description the weights came with.
    """

    kind: ClassVar[str] = "molecule"
    batch_size: ClassVar[int | None] = 256
    places_fragments: ClassVar[bool] = False
    """Whether codes place the fragments of a salt or mixture beside one another; otherwise these are refused."""

    def __init__(
        self, *, name: str, fingerprint: str, closed_loop: bool, config: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(name, fingerprint, config)
        self.closed_loop = closed_loop

    @abstractmethod
    def codes_of(self, inputs: Sequence[PreparedMolecule]) -> list[NDArray[np.int16]]:
        """Return the codes of the atoms of each molecule, ``int16 [N]``, in SELFIES order."""

    @abstractmethod
    def positions_of(self, graphs: Sequence[DecodedGraph]) -> list[Array]:
        """Return where the codes of each molecule place its atoms, ``float64 [N, 3]`` in Angstrom."""

    def by_geometry_alone(self) -> MoleculeStructureTokenizer | None:
        """Return the same codec choosing codes as near to the true geometry as it can, at whatever price in bits.

        None where codes are chosen that way already. This tokenizer decodes the codes of the one returned.
        """
        return None

    def prepare(self, entity: Molecule) -> PreparedMolecule:
        """Return a molecule checked and in SELFIES order; UnsupportedError says what cannot be encoded."""
        return prepare(entity, fragments=self.places_fragments)

    def prepare_codes(self, codes: MoleculeCodes) -> DecodedGraph:
        """Return the graph that symbols spell, with one code per atom; DecodeError or LimitError says why not."""
        if not isinstance(codes, MoleculeCodes):
            raise DecodeError(f"the codes of a molecule are MoleculeCodes, not {type(codes).__name__}")
        return decoded_graph(codes.symbols, codes.codes, self.num_codes, fragments=self.places_fragments)

    def molecule_of(self, graph: DecodedGraph, positions: Array) -> Molecule:
        """Return the molecule of a graph and the positions of its atoms, ``float64 [N, 3]`` in Angstrom."""
        return with_positions(graph, positions)

    def encode_batch(self, prepared: Sequence[PreparedMolecule]) -> list[MoleculeCodes | BioMatrixError]:
        """Return the symbols and codes of prepared molecules, one answer per molecule."""
        answers: list[MoleculeCodes | BioMatrixError] = []
        for item, atom_codes in zip(prepared, self.codes_of(prepared), strict=True):
            codes = np.full(len(item.graph.symbols), -1, dtype=np.int16)
            codes[item.mask] = atom_codes
            answers.append(MoleculeCodes(item.graph.symbols, codes, item.notes))
        return answers

    def decode_batch(self, prepared: Sequence[DecodedGraph]) -> list[Molecule | BioMatrixError]:
        """Return the molecules of graphs with codes; an error in place of a molecule that cannot be built."""
        return [self._molecule(*pair) for pair in zip(prepared, self.positions_of(prepared), strict=True)]

    def _molecule(self, graph: DecodedGraph, positions: Array) -> Molecule | BioMatrixError:
        try:
            return self.molecule_of(graph, positions)
        except BioMatrixError as error:
            return error


__all__ = ["MoleculeCodes", "MoleculeStructureTokenizer"]
