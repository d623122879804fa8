"""Molecules with a conformer to one code an atom, and back to molecules in three dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities import Molecule
from biomatrix.errors import BioMatrixError, WeightsError
from biomatrix.structure.molecule.assembly import DecodedGraph, decoded_graph, with_positions
from biomatrix.structure.molecule.descriptors import normalise
from biomatrix.structure.molecule.frames import Array, local_points
from biomatrix.structure.molecule.graph import reference_atoms
from biomatrix.structure.molecule.inputs import (
    PreparedMolecule,
    batch_descriptors,
    closed_loop_problem,
    prepare,
)
from biomatrix.structure.molecule.network import CodeNetwork, Decoder, expected_shapes, read_network
from biomatrix.structure.molecule.placement import Layout, choose_codes, pad, place
from biomatrix.structure.weights import (
    StoredWeights,
    fingerprint_of,
    load_weights,
    read_tensors,
    require_tensors,
)

ARCHITECTURE = "molstructok"
OnError = Literal["raise", "return"]

_BATCH = 256
_BOND_WEIGHT = 4.0


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


class MoleculeStructureTokenizer:
    """Local spherical coordinates, a small encoder, 512 codes, and a table that turns each code back into
    geometry.

    Parameters
    ----------
    network : CodeNetwork
    name : str
        What the weights are called.
    fingerprint : str
        Two tokenizers that share it give the same codes.
    closed_loop : bool
        Choose each atom's code against the frame rebuilt from the codes before it. Errors then do not add up
        along a chain. The decoder is the same either way.
    bond_weight : float
        Closed loop only: what an error of 1 Angstrom in a bond length costs beside 1 Angstrom of position.
    config : dict, optional
        The description the weights came with.
    """

    def __init__(
        self,
        network: CodeNetwork,
        *,
        name: str,
        fingerprint: str,
        closed_loop: bool = False,
        bond_weight: float = _BOND_WEIGHT,
        config: dict[str, Any] | None = None,
    ) -> None:
        self.network = network
        self.name = name
        self.fingerprint = fingerprint
        self.closed_loop = closed_loop
        self.bond_weight = bond_weight
        self.config = config or {}

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path = "default",
        *,
        closed_loop: bool | None = None,
        decoder: Decoder | None = None,
        hub: bool = False,
    ) -> MoleculeStructureTokenizer:
        """Open shipped weights by name, a tokenizer folder, or the published checkpoint as a safetensors
        file.

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
        hub : bool
            Download from the Hugging Face hub. Never done unless asked for.
        """
        if str(name_or_path).endswith(".safetensors"):
            stored = _read_checkpoint(Path(name_or_path))
        else:
            stored = load_weights("molecule", name_or_path, hub=hub)
        if stored.architecture != ARCHITECTURE:
            raise WeightsError(f"architecture {stored.architecture!r}, not {ARCHITECTURE!r}", file=str(stored.folder))
        stored.require(expected_shapes(stored.tensors))
        settings = stored.settings
        choice: Decoder = decoder or settings.get("decoder", "branch")
        closed = bool(settings.get("closed_loop", False)) if closed_loop is None else closed_loop
        return cls(
            read_network(stored.tensors, choice),
            name=stored.name,
            fingerprint=_fingerprint(stored, choice, closed),
            closed_loop=closed,
            bond_weight=float(settings.get("bond_weight", _BOND_WEIGHT)),
            config=stored.config,
        )

    @property
    def num_codes(self) -> int:
        """The size of the codebook."""
        return len(self.network.codebook)

    @property
    def code_features(self) -> Array:
        """What each code places: ``float64 [num_codes, 6]``, alike for codes that place alike.

        Columns: distance in Angstrom; unit vector in the local frame (x, y, z); angle within the plane as a
        fraction of pi; 1 for codes of the first three atoms.
        """
        table = self.network.table
        unit = local_points(np.concatenate((np.ones((len(table), 1)), table[:, 1:]), axis=1))
        starting = (table[:, 3] == 0.0).astype(np.float64)
        return np.column_stack((table[:, 0], unit, table[:, 2] / np.pi, starting))

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
                inputs.append(prepare(molecule, slot))
            except BioMatrixError as error:
                located = error.at(record=molecule.name or first_record + slot + 1)
                if on_error == "raise":
                    raise located from error
                results[slot] = located
        for item, atom_codes in zip(inputs, self._codes_of(inputs), strict=True):
            codes = np.full(len(item.graph.symbols), -1, dtype=np.int16)
            codes[item.mask] = atom_codes
            results[item.slot] = MoleculeCodes(item.graph.symbols, codes, item.notes)
        return [result for result in results if result is not None]

    def _codes_of(self, inputs: Sequence[PreparedMolecule]) -> list[NDArray[np.int16]]:
        if not inputs:
            return []
        sizes = np.array([item.size for item in inputs])
        codes = self.network.encode(normalise(batch_descriptors(inputs)))
        split = np.split(codes, np.cumsum(sizes)[:-1])
        if not self.closed_loop:
            return split
        order, layout, targets = closed_loop_problem(inputs, self.bond_weight)
        start = pad([split[k].astype(np.int64) for k in order], int(sizes.max()))
        chosen, _ = choose_codes(layout, targets, start, self.network.table, self.network.turning)
        closed = split.copy()
        for row, k in enumerate(order):
            closed[k] = chosen[row, : sizes[k]].astype(np.int16)
        return closed

    def _decode_batch(
        self, sequences: Sequence[MoleculeCodes], first_record: int, on_error: OnError
    ) -> list[Molecule | BioMatrixError]:
        results: list[Molecule | BioMatrixError | None] = [None] * len(sequences)
        graphs: list[tuple[int, DecodedGraph]] = []
        for slot, sequence in enumerate(sequences):
            try:
                graphs.append((slot, decoded_graph(sequence.symbols, sequence.codes, self.num_codes)))
            except BioMatrixError as error:
                located = error.at(record=first_record + slot + 1)
                if on_error == "raise":
                    raise located from error
                results[slot] = located
        for (slot, graph), positions in zip(graphs, self._positions_of([g for _, g in graphs]), strict=True):
            results[slot] = with_positions(graph, positions)
        return [result for result in results if result is not None]

    def _positions_of(self, graphs: Sequence[DecodedGraph]) -> list[Array]:
        if not graphs:
            return []
        sizes = np.array([len(graph.codes) for graph in graphs])
        references = reference_atoms(sizes.tolist(), [graph.bonds for graph in graphs])
        parts = np.split(references, np.cumsum(sizes)[:-1])
        order = np.argsort(-sizes, kind="stable")
        width = int(sizes.max())
        layout = Layout(sizes[order], pad([np.maximum(parts[k], 0) for k in order], width))
        placed = place(layout, pad([graphs[k].codes for k in order], width), self.network.table)
        result: list[Array] = [placed[0, :0]] * len(graphs)
        for row, k in enumerate(order):
            result[k] = placed[row, : sizes[k]]
        return result


def _fingerprint(stored: StoredWeights, decoder: Decoder, closed_loop: bool) -> str:
    settings = stored.settings
    asked = {**settings, "decoder": decoder, "closed_loop": closed_loop}
    declared = {"decoder": "branch", "closed_loop": False, **settings}
    if asked == declared:
        return stored.fingerprint
    return fingerprint_of(stored.architecture, asked, stored.fingerprint)


def _read_checkpoint(path: Path) -> StoredWeights:
    """Read the published checkpoint, which is tensors alone."""
    import hashlib

    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot be read: {error.strerror}", file=str(path)) from error
    tensors = read_tensors(data, file=str(path))
    require_tensors(tensors, expected_shapes(tensors), file=str(path))
    fingerprint = fingerprint_of(ARCHITECTURE, {}, hashlib.sha256(data).hexdigest())
    return StoredWeights(path.stem, path.parent, {"architecture": ARCHITECTURE}, tensors, fingerprint)


__all__ = ["MoleculeCodes", "MoleculeStructureTokenizer"]
