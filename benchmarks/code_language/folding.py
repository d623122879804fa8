"""Codes drawn for given sequences, sequences drawn for given codes, and how near the folds come to true ones.

Legend of shapes: R rows, T positions, L residues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import biotite.structure as structure
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from biomatrix.entities import Protein
from biomatrix.metrics.backbone import torsions
from biomatrix.metrics.lddt import lddt
from biomatrix.metrics.superposition import rmsd, tm_score
from code_language.chains import UNKNOWN
from code_language.documents import DESIGN, FOLD
from code_language.model import Cache, CodeLanguageModel
from code_language.sampling import chosen
from code_language.sentences import BOUNDARY, NO_CODE

Strand = NDArray[np.int64]
Say = Callable[[Tensor, Tensor], Tensor]

TORSION_REACH = 30.0
"""Degrees: a torsion agrees with the true one when it is no further from it."""

_AT_ONCE = 192
_FEW_GOING = 0.9
"""Ended rows are only dropped when there are so many, because what was read must be copied; they say on until then."""


@dataclass(frozen=True)
class FoldAgreement:
    """How near a fold comes to the true chain.

    Parameters
    ----------
    lddt : float
        Of CA, 0 to 1 (Mariani 2013; pairs within 15 A in the true chain).
    tm_score, rmsd : float
        RMSD over N, CA and C, in Angstrom.
    secondary_structure : float
        The share of residues of the same of three states, by CA (P-SEA).
    torsions : float
        The share of phi and psi within 30 degrees.
    """

    lddt: float
    tm_score: float
    rmsd: float
    secondary_structure: float
    torsions: float

    def figures(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


def agreement(true: Protein, fold: ArrayLike) -> FoldAgreement:
    """Compare a fold, ``[L, 3, 3]`` in Angstrom, with the chain, over the residues that both have."""
    truth, made = np.asarray(true.backbone, dtype=np.float64), np.asarray(fold, dtype=np.float64)
    kept = np.isfinite(truth).all(axis=(1, 2)) & np.isfinite(made).all(axis=(1, 2))
    truth, made = truth[kept], made[kept]
    reference, other = _trace(truth), _trace(made)
    same = structure.annotate_sse(reference) == structure.annotate_sse(other)
    turned = np.abs((_torsions(made) - _torsions(truth) + 180.0) % 360.0 - 180.0)
    return FoldAgreement(
        lddt=lddt(made[:, 1], truth[:, 1]),
        tm_score=tm_score(made[:, 1], truth[:, 1]),
        rmsd=float(rmsd(made.reshape(-1, 3), truth.reshape(-1, 3))),
        secondary_structure=float(same.mean()),
        torsions=float((turned <= TORSION_REACH).mean()),
    )


def draw_codes(model: CodeLanguageModel, sequences: Sequence[Strand], temperature: float, seed: int) -> list[Strand]:
    """Return codes for residue types, drawn at a temperature; the likeliest code each time where it is 0."""

    def say(known: Tensor, symbols: Tensor) -> Tensor:
        return model.code_logits(known, symbols)

    return _draw(model, FOLD, sequences, say, temperature, seed)


def draw_sequences(model: CodeLanguageModel, codes: Sequence[Strand], temperature: float, seed: int) -> list[Strand]:
    """Return residue types for codes, drawn at a temperature; the likeliest type each time where it is 0."""

    def say(known: Tensor, _: Tensor) -> Tensor:
        logits = model.symbol_logits(known)
        logits[..., UNKNOWN + 1 :] = float("-inf")  # kinds of documents
        logits[..., BOUNDARY] = float("-inf")
        return logits

    return _draw(model, DESIGN, codes, say, temperature, seed)


def _draw(
    model: CodeLanguageModel, kind: int, strands: Sequence[Strand], say: Say, temperature: float, seed: int
) -> list[Strand]:
    order = np.argsort([len(strand) for strand in strands], kind="stable")
    drawn: list[Strand] = [np.zeros(0, dtype=np.int64)] * len(strands)
    for start in range(0, len(order), _AT_ONCE):
        part = order[start : start + _AT_ONCE].tolist()
        generator = torch.Generator().manual_seed(seed * 1_000_003 + start)
        made = _draw_rows(model, kind, [strands[row] for row in part], say, temperature, generator)
        for row, strand in zip(part, made, strict=True):
            drawn[row] = strand
    return drawn


@torch.inference_mode()
def _draw_rows(
    model: CodeLanguageModel,
    kind: int,
    strands: Sequence[Strand],
    say: Say,
    temperature: float,
    generator: torch.Generator,
) -> list[Strand]:
    """Return the other strand of each, strands in order of length."""
    lengths = torch.tensor([len(strand) for strand in strands])
    nothing = BOUNDARY if kind == FOLD else NO_CODE
    read = torch.full((len(strands), int(lengths.max()) + 1), nothing)
    for index, strand in enumerate(strands):
        read[index, 1 : len(strand) + 1] = torch.from_numpy(strand)
    cache = _read(model, kind, read, lengths)
    made = torch.full_like(read, NO_CODE if kind == FOLD else BOUNDARY)
    rows = torch.arange(len(strands))
    for place in range(1, read.shape[1]):
        going = lengths[rows] >= place
        if going.float().mean() < _FEW_GOING:
            cache.keep(going.nonzero()[:, 0])
            rows = rows[going]
        turn, last = read[rows, place], made[rows, place - 1]
        symbols, codes = (turn, last) if kind == FOLD else (last, turn)
        places = torch.full((len(rows), 1), place)
        known = model(symbols[:, None], codes[:, None], places, cache=cache)[:, 0]
        made[rows, place] = chosen(say(known, symbols), temperature, generator)
    return [row[1 : length + 1].numpy() for row, length in zip(made, lengths.tolist(), strict=True)]


def _read(model: CodeLanguageModel, kind: int, read_RT: Tensor, lengths: Tensor) -> Cache:
    """Return the cache after the kind and the strand of each row."""
    empty = torch.full_like(read_RT, NO_CODE if kind == FOLD else BOUNDARY)
    symbols, codes = (read_RT.clone(), empty) if kind == FOLD else (empty, read_RT)
    symbols[:, 0] = kind
    columns = torch.arange(read_RT.shape[1])
    visible = columns <= lengths[:, None]
    cache = Cache(model.sizes.layers, visible)
    model(symbols, codes, columns.expand_as(read_RT), torch.ones_like(visible), cache)
    return cache


def _trace(backbone: NDArray[np.float64]) -> structure.AtomArray:
    """Return the CA trace of ``[L, 3, 3]``, which Biotite can annotate."""
    atoms = structure.AtomArray(len(backbone))
    atoms.coord = backbone[:, 1].astype(np.float32)
    atoms.res_id = np.arange(1, len(backbone) + 1)
    atoms.atom_name[:] = "CA"
    atoms.res_name[:] = "ALA"
    atoms.element[:] = "C"
    atoms.chain_id[:] = "A"
    return atoms


def _torsions(backbone: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return phi of all residues but the first, psi of all but the last, in degrees."""
    turns = torsions(backbone)
    return np.concatenate((turns.phi[1:], turns.psi[:-1]))
