"""Fit the codebook of the geometric codec: k-means on open-loop steps, then on what the closed loop asks for.

A fit takes a minute or two on one core at 512 codes and writes only when it is done, so it cannot be resumed.
"""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from biomatrix.errors import ConfigurationError
from biomatrix.structure.geometry import RESIDUE_TEMPLATE, backbone_frames, kabsch
from biomatrix.structure.protein.geometric.closed_loop import CHAINS_AT_ONCE, asked_of_steps, closed_loop
from biomatrix.structure.protein.geometric.codebook import (
    BREAK,
    CIS,
    TRANS,
    StepCodebook,
    bonded_steps,
    resolved_residues,
    step_kinds,
)
from biomatrix.structure.protein.geometric.search import ProbeSearch
from biomatrix.structure.protein.geometric.tokenizer import GeometricTokenizer, padded_chains
from biomatrix.structure.weights import save_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from biomatrix.entities import Protein
    from biomatrix.structure.protein.geometric.search import ProbeSearch

logger = logging.getLogger(__name__)

_CATCHING_UP = 1.0
"""Angstrom: a rebuilt residue farther than this from its place is on its way back from a break."""

Chain = tuple["NDArray[np.float64]", "NDArray[np.int64]"]

STATED_ERROR = 1.5
"""Angstrom of backbone RMSD that the round trip of an unbroken chain stays below; self-examination fails past it."""


@dataclass(frozen=True)
class GeometricFit:
    """How to fit a codebook.

    Parameters
    ----------
    num_codes : int
        All codes, of every kind.
    num_cis, num_break : int
        How many of them are cis steps and jumps over breaks.
    open_rounds : int
        Rounds of k-means on open-loop steps.
    closed_rounds : int
        Rounds in which chains are encoded and every code moves to the mean of what it was chosen for.
    closed_residues : int
        Residues encoded in each of those rounds.
    num_beams : int
        Hypotheses kept while encoding, in the fit and in the tokenizer it is for.
    steps_per_code : int
        Open-loop steps sampled for each code.
    synthetic_breaks : int
        Jumps made by leaving out stretches of chains, beside the real ones.
    mean_gap : float
        Mean length of those stretches, in residues.
    seed : int
    probe : sequence of 12 float, optional
        Fit for the fast search: the probe of `probe_features`, three rows of point, lever, lever, lever.
    spacing_probe : sequence of 12 float, optional
        What k-means counts as close when it places bonded codes; the probe when not given.
    num_candidates : int
        Codes the fast search compares for each residue.
    num_cells : int
        Cells of the fast search.
    search_all_above : float
        See `ProbeSearch`.
    shift_base, shift_stages : int
        For the fast search, how many shifts make a jump finer, and over how many residues.
    short_chains : sequence of (int, int)
        For the fast search, see `ProbeSearch`.
    """

    num_codes: int = 512
    num_cis: int = 12
    num_break: int = 64
    open_rounds: int = 12
    closed_rounds: int = 3
    closed_residues: int = 150_000
    num_beams: int = 8
    steps_per_code: int = 400
    synthetic_breaks: int = 4000
    mean_gap: float = 8.0
    seed: int = 0
    probe: Sequence[float] | None = None
    spacing_probe: Sequence[float] | None = None
    num_candidates: int = 64
    num_cells: int = 512
    search_all_above: float = 0.3
    shift_base: int = 32
    shift_stages: int = 6
    short_chains: Sequence[Sequence[int]] = ()

    def __post_init__(self) -> None:
        for probe in (self.probe, self.spacing_probe):
            if probe is not None and len(probe) != 12:
                raise ConfigurationError(f"a probe of {len(probe)} numbers where 12 are expected")
        if self.probe is not None and (self.num_trans % self.shift_base or self.num_cis % self.shift_base):
            raise ConfigurationError(
                f"{self.num_trans} trans and {self.num_cis} cis codes are not multiples of {self.shift_base}"
            )
        if min(self.num_cis, self.num_break, self.num_codes - self.num_cis - self.num_break) < 1:
            raise ConfigurationError(
                f"{self.num_codes} codes cannot hold {self.num_cis} cis codes, {self.num_break} break codes "
                "and a trans one"
            )

    @property
    def num_trans(self) -> int:
        """Codes left for trans steps."""
        return self.num_codes - self.num_cis - self.num_break

    @property
    def probe_34(self) -> NDArray[np.float64]:
        """The probe as ``float64 [3, 4]``, as float32 stores it."""
        if self.probe is None:
            raise ConfigurationError("no probe is given")
        return np.array(self.probe, dtype=np.float32).astype(np.float64).reshape(3, 4)


def fit_tokenizer(proteins: Sequence[Protein], settings: GeometricFit | None = None) -> GeometricTokenizer:
    """Fit a tokenizer on chains: of the fast search when the settings have a probe.

    Parameters
    ----------
    proteins : sequence of Protein
        Chains with backbones; only what may be learned from.
    settings : GeometricFit, optional

    Returns
    -------
    GeometricTokenizer
        The same for the same chains, settings and seed.
    """
    settings = settings or GeometricFit()
    if settings.probe is None:
        return GeometricTokenizer(fit(proteins, settings), num_beams=settings.num_beams)
    # The other module needs `GeometricFit`.
    from biomatrix.structure.protein.geometric.probe_training import fit_by_probe

    codebook, search = fit_by_probe(proteins, settings)
    return GeometricTokenizer(codebook, search=search)


def fit(proteins: Sequence[Protein], settings: GeometricFit | None = None) -> StepCodebook:
    """Fit a codebook without a probe on chains.

    Parameters
    ----------
    proteins : sequence of Protein
        Chains with backbones; only what may be learned from.
    settings : GeometricFit, optional

    Returns
    -------
    StepCodebook
        The same for the same chains, settings and seed.
    """
    settings = settings or GeometricFit()
    rng = np.random.default_rng(settings.seed)
    chains = [chain for chain in map(_chain, proteins) if len(chain[0]) > 1]
    steps, kinds = (np.concatenate(part) for part in zip(*map(_open_loop, chains), strict=True))
    jumps = np.concatenate([steps[kinds == BREAK], _synthetic_breaks(chains, settings, rng)])
    logger.info(
        "%d chains, %d steps, %d of them cis, %d breaks",
        len(chains),
        len(steps),
        (kinds == CIS).sum(),
        (kinds == BREAK).sum(),
    )
    sample = rng.permutation(np.flatnonzero(kinds == TRANS))[: settings.steps_per_code * settings.num_trans]
    codebook = _assemble(
        k_means(steps[sample], settings.num_trans, settings.open_rounds, rng),
        k_means(steps[kinds == CIS], settings.num_cis, settings.open_rounds, rng),
        k_means(jumps, settings.num_break, settings.open_rounds, rng),
    )
    return _refine(chains, codebook, settings, rng)


def save_codebook(
    folder: str | Path,
    codebook: StepCodebook,
    settings: GeometricFit,
    description: Mapping[str, Any],
    search: ProbeSearch | None = None,
) -> str:
    """Write a tokenizer folder; return its fingerprint.

    Parameters
    ----------
    folder : path
    codebook : StepCodebook
    settings : GeometricFit
        What it was fitted with; ``num_beams`` becomes part of the tokenizer.
    description : mapping
        More for the config: training data, licence, figures.
    search : ProbeSearch, optional
        Of the tokenizer, when it has one.
    """
    config: dict[str, Any] = {
        **description,
        "architecture": "geometric",
        "num_codes": len(codebook),
        "settings": {
            "num_trans": codebook.num_trans,
            "num_cis": codebook.num_cis,
            "num_break": codebook.num_break,
            "num_beams": settings.num_beams,
        },
        "fit": asdict(settings),
        "stated_error": {"rmsd_angstrom": STATED_ERROR},
    }
    tensors = {
        "rotations": codebook.rotations.astype(np.float32),
        "translations": codebook.translations.astype(np.float32),
    }
    if search is not None and codebook.shifts is not None:
        config["settings"] |= {
            "num_beams": search.num_beams,
            "num_candidates": search.num_candidates,
            "search_all_above": search.search_all_above,
            "short_chains": [list(limit) for limit in search.short_chains],
        }
        tensors["probe"] = search.probe.astype(np.float32)
        tensors["cells"] = search.centres.astype(np.float32)
        tensors["shift_rotations"] = codebook.shifts.rotations.astype(np.float32)
        tensors["shift_translations"] = codebook.shifts.translations.astype(np.float32)
    return save_weights(folder, config, tensors)


def k_means(points: NDArray[np.float64], num_means: int, rounds: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Lloyd's k-means from a random start; a mean without points moves to a random point.

    Parameters
    ----------
    points : ndarray, shape=(n, d), dtype=float64
    num_means, rounds : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape=(num_means, d), dtype=float64
    """
    if len(points) < num_means:
        raise ConfigurationError(f"{len(points)} steps cannot make {num_means} codes: give more chains")
    means = points[rng.choice(len(points), num_means, replace=False)].copy()
    for _ in range(rounds):
        sums, counts = np.zeros_like(means), np.zeros(num_means)
        for start in range(0, len(points), 4096):
            part = points[start : start + 4096]
            nearest = (part @ (-2.0 * means.T) + (means**2).sum(axis=1)).argmin(axis=1)
            np.add.at(sums, nearest, part)
            counts += np.bincount(nearest, minlength=num_means)
        means = _moved(means, sums, counts, points, rng)
    return means


def _moved(
    means: NDArray[np.float64],
    sums: NDArray[np.float64],
    counts: NDArray[np.float64],
    points: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Means of the assigned points, random points where none was assigned."""
    used = counts > 0
    moved = means.copy()
    moved[used] = sums[used] / counts[used, None]
    moved[~used] = points[rng.integers(len(points), size=int((~used).sum()))]
    return moved


def _chain(protein: Protein) -> Chain:
    """Resolved residues of a protein, [n, 3, 3] and their places [n]; nothing without coordinates."""
    if protein.backbone is None:
        return np.empty((0, 3, 3)), np.empty(0, dtype=np.int64)
    places = np.flatnonzero(resolved_residues(protein.backbone))
    return protein.backbone[places].astype(np.float64), places


def _open_loop(chain: Chain) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Atoms of each next residue seen from the true frame before it, [n - 1, 9], and the kinds of the steps."""
    atoms, places = chain
    return _seen_from(atoms[:-1], atoms[1:]), step_kinds(atoms, places)[1:]


def _seen_from(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    rotations, origins = backbone_frames(here)
    return ((there - origins[:, None]) @ rotations).reshape(len(here), 9)


def _synthetic_breaks(chains: Sequence[Chain], settings: GeometricFit, rng: np.random.Generator) -> NDArray[np.float64]:
    """Jumps over left-out stretches of random chains, [n, 9]."""
    lengths = np.array([len(atoms) for atoms, _ in chains])
    jumps = []
    for index in rng.choice(len(chains), settings.synthetic_breaks, p=lengths / lengths.sum()):
        atoms = chains[index][0]
        step = 1 + int(rng.geometric(1.0 / settings.mean_gap))
        if len(atoms) > step:
            start = int(rng.integers(len(atoms) - step))
            jumps.append(_seen_from(atoms[start : start + 1], atoms[start + step : start + step + 1]))
    return np.concatenate([np.empty((0, 9)), *jumps])


def _assemble(trans: NDArray[np.float64], cis: NDArray[np.float64], jumps: NDArray[np.float64]) -> StepCodebook:
    """Make steps of means [n, 9]: right bonds for bonded steps, an ideal residue for jumps."""
    template = np.broadcast_to(RESIDUE_TEMPLATE, (len(jumps), 3, 3))
    rotation, translation = kabsch(template, jumps.reshape(-1, 3, 3))
    parts = [
        bonded_steps(trans.reshape(-1, 3, 3), TRANS),
        bonded_steps(cis.reshape(-1, 3, 3), CIS),
        (rotation, translation),
    ]
    # Stored as float32: what is fitted is what will be read back.
    rotations, translations = (np.concatenate(part).astype(np.float32) for part in zip(*parts, strict=True))
    return StepCodebook(rotations.astype(np.float64), translations.astype(np.float64), len(trans), len(cis), len(jumps))


def _refine(
    chains: Sequence[Chain], codebook: StepCodebook, settings: GeometricFit, rng: np.random.Generator
) -> StepCodebook:
    """Move bonded codes to the means of what the closed loop chose them for; keep the best round.

    Every round encodes the same random chains. Steps that still catch up after a break are left out of the
    means.
    """
    order = rng.permutation(len(chains))
    total = np.cumsum([len(chains[index][0]) for index in order])
    used = [chains[index] for index in order[: 1 + int(np.searchsorted(total, settings.closed_residues))]]
    best, best_error = codebook, np.inf
    for round_number in range(settings.closed_rounds + 1):
        begun = time.monotonic()
        asked, codes = _closed_loop_steps(used, codebook, settings.num_beams)
        error = np.sqrt(((asked - codebook.atoms.reshape(-1, 9)[codes]) ** 2).sum(axis=1) / 3.0)
        regular = (codes < codebook.start_code) & (error < _CATCHING_UP)
        score = float(np.sqrt((error[regular] ** 2).mean()))
        rate = len(codes) / (time.monotonic() - begun)
        logger.info("round %d: rms error %.4f A, %.0f residues/s", round_number, score, rate)
        if score < best_error:
            best, best_error = codebook, score
        if round_number < settings.closed_rounds:
            codebook = _closer(codebook, asked[regular], codes[regular], rng)
    return best


def _closed_loop_steps(
    chains: Sequence[Chain], codebook: StepCodebook, num_beams: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What every step of every chain was asked for, [n, 9], and the code taken, [n]."""
    order = sorted(range(len(chains)), key=lambda index: -len(chains[index][0]))
    asked, codes = [], []
    for start in range(0, len(order), CHAINS_AT_ONCE):
        block = [chains[index] for index in order[start : start + CHAINS_AT_ONCE]]
        padded, kinds, lengths = padded_chains(*map(list, zip(*block, strict=True)))
        taken = closed_loop(padded, kinds, lengths, codebook, num_beams=num_beams)
        inside = np.arange(1, padded.shape[1]) < lengths[:, None]
        asked.append(asked_of_steps(padded, taken, codebook)[inside])
        codes.append(taken[:, 1:][inside].astype(np.int64))
    return np.concatenate(asked), np.concatenate(codes)


def _closer(
    codebook: StepCodebook, asked: NDArray[np.float64], codes: NDArray[np.int64], rng: np.random.Generator
) -> StepCodebook:
    """One round of Lloyd's algorithm on closed-loop steps; jumps stay as they are."""
    means = codebook.atoms.reshape(-1, 9)
    moved = means.copy()
    for kind in (TRANS, CIS):
        span = codebook.codes_of(kind)
        mine = (codes >= span.start) & (codes < span.stop)
        if not mine.any():
            continue
        points, own = asked[mine], codes[mine] - span.start
        sums = np.zeros((span.stop - span.start, 9))
        np.add.at(sums, own, points)
        counts = np.bincount(own, minlength=len(sums)).astype(np.float64)
        moved[span] = _moved(means[span], sums, counts, points, rng)
    trans, cis, jumps = (moved[codebook.codes_of(kind)] for kind in (TRANS, CIS, BREAK))
    return _assemble(trans, cis, jumps)
