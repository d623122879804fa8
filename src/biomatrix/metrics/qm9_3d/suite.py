"""Stability, validity, uniqueness and novelty of generated molecules, by their graphs and by their coordinates.

Every share is of all molecules, those that cannot be sanitised included.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.metrics.qm9_3d.stability import Stability, distance_stability, graph_stability
from biomatrix.metrics.scores import Score, Scores, mean_score

if TYPE_CHECKING:
    from rdkit import Chem


@dataclass(frozen=True)
class Standing:
    """What sanitisation makes of a molecule.

    Parameters
    ----------
    valid : bool
        It can be sanitised.
    complete : bool
        It can, and is in one piece.
    largest : str, optional
        The canonical SMILES of its largest piece, hydrogens implicit; None where it is not valid or that piece cannot
        be sanitised.
    """

    valid: bool
    complete: bool
    largest: str | None


def metrics_2d(generated: Sequence[Chem.Mol | None], train: Collection[str] | None = None) -> Scores:
    """Return the metrics of molecular graphs.

    Parameters
    ----------
    generated : sequence of (rdkit.Chem.Mol or None)
        None where an answer was no molecule: it counts against every share. The official code samples until it has
        enough readable answers, so that none is None.
    train : collection of str, optional
        Training SMILES as RDKit writes them, hydrogens implicit.

    Returns
    -------
    mapping of str to Score
        ``2d_atom_stable`` (of all atoms, hydrogens included), ``2d_mol_stable``, ``2d_validity``, ``2d_v_and_c``,
        ``2d_v_and_u``, and ``2d_v_and_u_and_n`` where training SMILES are given.
    """
    found = [Stability(0, 0) if mol is None else graph_stability(mol) for mol in generated]
    return _named("2d", _shares(found, [standing(mol) for mol in generated], train))


def metrics_3d(generated: Sequence[Chem.Mol | None], train: Collection[str] | None = None) -> Scores:
    """Return the metrics of molecules whose bonds are inferred anew from their coordinates.

    Parameters
    ----------
    generated : sequence of (rdkit.Chem.Mol or None)
        With explicit hydrogens and one conformer.
    train : collection of str, optional
        Training SMILES as RDKit writes them, hydrogens implicit.

    Returns
    -------
    mapping of str to Score
        As `metrics_2d`, named ``3d_``. The official code writes training SMILES with explicit hydrogens and what it
        rebuilds without, so that nothing with a hydrogen matches: ``3d_v_and_u_and_n`` is as it has it,
        ``3d_v_and_u_and_n_corrected`` compares like with like.
    """
    spelt = [(Stability(0, 0), None) if mol is None else distance_stability(mol) for mol in generated]
    found, standings = [stability for stability, _ in spelt], [standing(mol) for _, mol in spelt]
    if train is None:
        return _named("3d", _shares(found, standings, None))
    known = {each.largest for each in standings if each.largest is not None} & set(train)
    official = _shares(found, standings, {each for each in known if _with_hydrogens(each) == each})
    corrected = _shares(found, standings, known)["v_and_u_and_n"]
    return _named("3d", {**official, "v_and_u_and_n_corrected": corrected})


def rebuild(generated: Sequence[Chem.Mol | None]) -> list[Chem.Mol | None]:
    """Return the molecules that the coordinates spell, None for None."""
    return [None if mol is None else distance_stability(mol)[1] for mol in generated]


def standing(mol: Chem.Mol | None) -> Standing:
    """Return what sanitisation makes of a molecule; it is left as it is."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    if mol is None:
        return Standing(False, False, None)
    copy = Chem.Mol(mol)
    with BlockLogs():
        if _sanitised_smiles(copy) is None:
            return Standing(False, False, None)
        try:
            pieces = Chem.GetMolFrags(copy, asMols=True)
        except (ValueError, RuntimeError):
            return Standing(False, False, None)
        largest = max(pieces, default=copy, key=lambda piece: piece.GetNumAtoms())
        return Standing(True, len(pieces) == 1, _without_hydrogens(_sanitised_smiles(largest)))


def plain_smiles(mol: Chem.Mol | None) -> str | None:
    """Return the SMILES without stereochemistry that FCD, SNN, Frag and Scaf are computed on, None where unreadable."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    if mol is None:
        return None
    copy = Chem.Mol(mol)
    with BlockLogs():
        if _sanitised_smiles(copy) is None:
            return None
        smiles = str(Chem.MolToSmiles(copy, isomericSmiles=False))
        return smiles if Chem.MolFromSmiles(smiles) is not None else None


def distinct_smiles(mols: Sequence[Chem.Mol | None]) -> list[str]:
    """Return each of their `plain_smiles` once: what those four metrics compare, on both sides."""
    return [each for each in dict.fromkeys(map(plain_smiles, mols)) if each is not None]


def _sanitised_smiles(mol: Chem.Mol) -> str | None:
    from rdkit import Chem

    try:
        Chem.SanitizeMol(mol)
    except ValueError:
        return None
    return str(Chem.MolToSmiles(mol))


def _without_hydrogens(smiles: str | None) -> str | None:
    from rdkit import Chem

    mol = None if smiles is None else Chem.MolFromSmiles(smiles)
    return smiles if mol is None else str(Chem.MolToSmiles(mol))


def _with_hydrogens(smiles: str) -> str:
    from rdkit import Chem

    return str(Chem.MolToSmiles(Chem.AddHs(Chem.MolFromSmiles(smiles))))


def _shares(found: Sequence[Stability], standings: Sequence[Standing], train: Collection[str] | None) -> Scores:
    n = len(found)
    unparsable = sum(each.atoms == 0 for each in found)
    distinct = {each.largest for each in standings if each.valid}

    def share(count: int) -> Score:
        return Score(count / n if n else float("nan"), n, 0, unparsable, n)

    stable, atoms = sum(each.stable_atoms for each in found), sum(each.atoms for each in found)
    scores = {
        "atom_stable": Score(stable / atoms if atoms else float("nan"), n, 0, unparsable, atoms),
        "mol_stable": _mean([each.stable and each.atoms > 0 for each in found], unparsable),
        "validity": _mean([each.valid for each in standings], unparsable),
        "v_and_c": _mean([each.complete for each in standings], unparsable),
        "v_and_u": share(len(distinct)),
    }
    if train is not None:
        scores["v_and_u_and_n"] = share(len(distinct - {None} - set(train)))
    return scores


def _mean(flags: Sequence[bool], unparsable: int) -> Score:
    return mean_score(np.asarray(flags, dtype=np.float64), unparsable=unparsable)


def _named(prefix: str, scores: Scores) -> Scores:
    return {f"{prefix}_{name}": score for name, score in scores.items()}
