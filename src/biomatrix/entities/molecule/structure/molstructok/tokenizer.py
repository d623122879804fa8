"""The published architecture: an encoder to codes, and a table that turns each code back into geometry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.kind_registry import load_attribute
from biomatrix.entities.molecule.structure.assembly import DecodedGraph
from biomatrix.entities.molecule.structure.frames import Array, local_points
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.molecule.structure.molstructok.closed_loop import batch_descriptors, batch_forest
from biomatrix.entities.molecule.structure.molstructok.descriptors import normalise
from biomatrix.entities.molecule.structure.molstructok.network import CodeNetwork, expected_shapes, read_network
from biomatrix.entities.molecule.structure.molstructok.placement import Forest, choose_codes, place
from biomatrix.entities.molecule.structure.tokenizer import Decoder, MoleculeStructureTokenizer
from biomatrix.entities.tokenizer_folder import StoredWeights, fingerprint_of

_BOND_WEIGHT = 4.0
_REFERENCE: Final = "biomatrix.entities.molecule.structure.molstructok.reference:PublishedMolStrucTok"
"""The subclass of ``MolStrucTok`` that behaves as the published code does."""


class MolStrucTok(MoleculeStructureTokenizer):
    """Local spherical coordinates, a small encoder, a codebook, and a table that turns each code back into geometry.

    Parameters
    ----------
    network : CodeNetwork
    stored : mapping of str to ndarray
        The tensors that the network was read from.
    name : str
        The name of the weights.
    fingerprint : str
        Tokenizers with the same fingerprint give the same codes.
    closed_loop : bool
        Choose each atom's code against the frame rebuilt from the codes before it.
    bond_weight : float
        Closed loop only: the weight of a squared error in a bond length relative to one in position.
    config : mapping, optional
        The description the weights came with.
    """

    architecture: ClassVar[str] = "molstructok"
    variant: ClassVar[str] = ""

    def __init__(
        self,
        network: CodeNetwork,
        stored: Mapping[str, NDArray[Any]],
        *,
        name: str,
        fingerprint: str,
        closed_loop: bool = False,
        bond_weight: float = _BOND_WEIGHT,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(name=name, fingerprint=fingerprint, closed_loop=closed_loop, config=config)
        self.network = network
        self._stored = stored
        self.bond_weight = bond_weight

    @classmethod
    def from_weights(
        cls,
        stored: StoredWeights,
        *,
        closed_loop: bool | None = None,
        decoder: Decoder | None = None,
        reference: bool = False,
    ) -> Self:
        """Build the tokenizer from weights that were read; ``None`` takes what they were trained for.

        Parameters
        ----------
        stored : StoredWeights
        closed_loop : bool, optional
            See `MoleculeStructureTokenizer`.
        decoder : {"branch", "trunk"}, optional
            Which decoder of the published checkpoint; "branch" is the published choice, "trunk" the more exact one.
        reference : bool
            Behave exactly as the published code does, including where it stops and where it is wrong; open loop and
            branch decoder unless requested otherwise.

        Raises
        ------
        WeightsError
            Tensors of other names or shapes, or ``decoder="trunk"`` where the weights hold none.
        """
        if reference and cls.variant != "reference":
            exact: Self = load_attribute(_REFERENCE).from_weights(stored, closed_loop=closed_loop, decoder=decoder)
            return exact
        stored.require(expected_shapes(stored.tensors))
        settings = stored.settings
        choice: Decoder = decoder or settings.get("decoder", "branch")
        closed = bool(settings.get("closed_loop", False)) if closed_loop is None else closed_loop
        return cls(
            read_network(stored.tensors, choice),
            stored.tensors,
            name=stored.name,
            fingerprint=_fingerprint(stored, choice, closed, cls.variant),
            closed_loop=closed,
            bond_weight=float(settings.get("bond_weight", _BOND_WEIGHT)),
            config=stored.config,
        )

    def tensors(self) -> Mapping[str, NDArray[Any]]:
        """Return the tensors of encoder, codebook and decoders, as they were read."""
        return self._stored

    @property
    def num_codes(self) -> int:
        """The size of the codebook."""
        return len(self.network.codebook)

    @property
    def code_features(self) -> Array:
        """Where each code places its atom: ``float64 [num_codes, 6]``, similar for codes that place atoms similarly.

        Columns: distance in Angstrom; unit vector in the local frame (x, y, z); angle within the plane as a
        fraction of pi; 1 for codes of the first three atoms.
        """
        table = self.network.table
        unit = local_points(np.concatenate((np.ones((len(table), 1)), table[:, 1:]), axis=1))
        starting = (table[:, 3] == 0.0).astype(np.float64)
        return np.column_stack((table[:, 0], unit, table[:, 2] / np.pi, starting))

    def describe(self, inputs: Sequence[PreparedMolecule]) -> Array:
        """Return (r, theta, abs phi, sign) of all atoms of all molecules, ``float64 [N, 4]``, one after another."""
        return batch_descriptors(inputs)

    def codes_of(self, inputs: Sequence[PreparedMolecule]) -> list[NDArray[np.int16]]:
        """Return the codes of the atoms of each molecule, ``int16 [N]``, in SELFIES order."""
        codes = self.network.encode(normalise(self.describe(inputs)))
        if self.closed_loop:
            forest, positions = batch_forest(inputs)
            network = self.network
            chosen, _ = choose_codes(
                forest, positions, codes.astype(np.int64), network.table, network.turning, self.bond_weight
            )
            codes = chosen.astype(np.int16)
        return np.split(codes, np.cumsum([item.size for item in inputs])[:-1])

    def positions_of(self, graphs: Sequence[DecodedGraph]) -> list[Array]:
        """Return where the codes of each molecule place its atoms, ``float64 [N, 3]`` in Angstrom."""
        return self.place(graphs, self.network.table)

    def place(self, graphs: Sequence[DecodedGraph], table: Array) -> list[Array]:
        """Return where codes place the atoms of each molecule by a table of meanings, ``float64 [N, 3]`` in Angstrom.

        Parameters
        ----------
        graphs : sequence of DecodedGraph
        table : ndarray, shape=(K, 4), dtype=float64
            (r, theta, abs phi, sign) in Angstrom and radian.
        """
        sizes = np.array([len(graph.codes) for graph in graphs], dtype=np.int64)
        forest = Forest.of_bonds(sizes, [graph.bonds for graph in graphs])
        placed = place(forest, np.concatenate([graph.codes for graph in graphs]), table)
        return np.split(placed, np.cumsum(sizes)[:-1])


def _fingerprint(stored: StoredWeights, decoder: Decoder, closed_loop: bool, variant: str) -> str:
    settings = stored.settings
    chosen = {**settings, "decoder": decoder, "closed_loop": closed_loop}
    if variant:
        chosen["variant"] = variant
    declared = {"decoder": "branch", "closed_loop": False, **settings}
    if chosen == declared:
        return stored.fingerprint
    return fingerprint_of(stored.architecture, chosen, stored.fingerprint)
