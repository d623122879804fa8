"""The tokenizer whose decoder sees the chemistry: tables only, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.assembly import DecodedGraph
from biomatrix.entities.molecule.structure.conditioned.chemistry import graph_of, molecular_graph
from biomatrix.entities.molecule.structure.conditioned.lengths import BondLengths
from biomatrix.entities.molecule.structure.conditioned.meanings import CodeMeanings
from biomatrix.entities.molecule.structure.conditioned.problem import Problem
from biomatrix.entities.molecule.structure.conditioned.search import Costs, DirectionGrid, choose_codes, decode_codes
from biomatrix.entities.molecule.structure.conditioned.start import turned
from biomatrix.entities.molecule.structure.conditioned.weights import ARCHITECTURE, tensors_of, weights_from
from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.molecule.structure.tokenizer import MoleculeStructureTokenizer
from biomatrix.entities.tokenizer_folder import StoredWeights, fingerprint_of


class ConditionedTokenizer(MoleculeStructureTokenizer):
    """Bond lengths from the graph; codes for directions, torsions, and the part of a length that the graph leaves open.

    Parameters
    ----------
    lengths : BondLengths
    meanings : CodeMeanings
    costs : Costs
        What the search for codes weighs.
    name : str
        The name of the weights.
    fingerprint : str
        Tokenizers with the same fingerprint give the same codes.
    closed_loop : bool
        Choose each atom's code against the geometry rebuilt from the codes before it.
    config : mapping, optional
        The description the weights came with.
    """

    architecture: ClassVar[str] = ARCHITECTURE
    places_fragments: ClassVar[bool] = True

    def __init__(
        self,
        lengths: BondLengths,
        meanings: CodeMeanings,
        costs: Costs,
        *,
        name: str,
        fingerprint: str,
        closed_loop: bool = True,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        described = {"settings": {"closed_loop": closed_loop, **settings_of(costs)}} if config is None else config
        super().__init__(name=name, fingerprint=fingerprint, closed_loop=closed_loop, config=described)
        self.lengths = lengths
        self.meanings = meanings
        self.costs = costs

    @classmethod
    def from_weights(cls, stored: StoredWeights, *, closed_loop: bool | None = None) -> ConditionedTokenizer:
        """Build the tokenizer from weights that were read; ``None`` takes the loop they were fitted for.

        WeightsError where the tensors do not fit together.
        """
        lengths, meanings = weights_from(stored.tensors, file=str(stored.folder))
        settings = stored.settings
        made_for = bool(settings.get("closed_loop", True))
        closed = made_for if closed_loop is None else closed_loop
        usual = Costs()
        costs = Costs(
            bond=float(settings.get("bond_weight", usual.bond)),
            rate=float(settings.get("rate_weight", usual.rate)),
            correction=float(settings.get("correction_weight", usual.correction)),
            candidates=int(settings.get("candidates", usual.candidates)),
        )
        same = closed == made_for
        return cls(
            lengths,
            meanings,
            costs,
            name=stored.name,
            fingerprint=stored.fingerprint
            if same
            else fingerprint_of(ARCHITECTURE, {**settings, "closed_loop": closed}, stored.fingerprint),
            closed_loop=closed,
            config=stored.config,
        )

    def tensors(self) -> Mapping[str, NDArray[Any]]:
        """Return the tables of bond lengths and of what codes mean."""
        return tensors_of(self.lengths, self.meanings)

    @property
    def num_codes(self) -> int:
        """The size of the codebook."""
        return self.meanings.num_codes

    @property
    def code_features(self) -> Array:
        """The meaning of each code in a context never seen: ``float64 [num_codes, 4]``.

        Columns: unit vector in the local frame (x, y, z); deviation of the bond length from its prediction, in spreads.
        """
        return self.meanings.shared.astype(np.float64)

    def by_geometry_alone(self) -> ConditionedTokenizer:
        """Return the same codec choosing codes as near to the true geometry as it can, at whatever price in bits."""
        return ConditionedTokenizer(
            self.lengths,
            self.meanings,
            Costs(bond=4.0, rate=0.0, correction=0.0, candidates=200),
            name=self.name,
            fingerprint=self.fingerprint,
            config=self.config,
        )

    @cached_property
    def _grid(self) -> DirectionGrid:
        return DirectionGrid(self.meanings.shared[:, :3], self.costs.candidates)

    def codes_of(self, inputs: Sequence[PreparedMolecule]) -> list[NDArray[np.int16]]:
        """Return the codes of the atoms of each molecule, ``int16 [N]``, in SELFIES order."""
        graphs = [graph_of(item) for item in inputs]
        problem = Problem.of(graphs, self.lengths)
        targets = turned(np.concatenate([item.positions for item in inputs]), problem.chemistry.sizes)
        choice = choose_codes(problem, targets, self.meanings, self._grid, self.costs, closed_loop=self.closed_loop)
        return np.split(choice.codes.astype(np.int16), np.cumsum(problem.chemistry.sizes)[:-1])

    def positions_of(self, graphs: Sequence[DecodedGraph]) -> list[Array]:
        """Return where the codes of each molecule place its atoms, ``float64 [N, 3]`` in Angstrom."""
        molecules = [molecular_graph(graph.mol, None, graph.elements, graph.charges, graph.bonds) for graph in graphs]
        problem = Problem.of(molecules, self.lengths)
        positions = decode_codes(problem, np.concatenate([graph.codes for graph in graphs]), self.meanings)
        return np.split(positions, np.cumsum(problem.chemistry.sizes)[:-1])


def settings_of(costs: Costs) -> dict[str, Any]:
    """Return the costs of the search under their names in a config."""
    return {
        "bond_weight": costs.bond,
        "rate_weight": costs.rate,
        "correction_weight": costs.correction,
        "candidates": costs.candidates,
    }
