"""The structure of least free energy, and the energy of a given one, by ViennaRNA's nearest-neighbour model.

Source: Lorenz et al., Algorithms for Molecular Biology 6 (2011) 26; parameters of Mathews et al. 2004.
"""

from __future__ import annotations

from dataclasses import dataclass

from biomatrix.entities.nucleic.folding.library import CELSIUS, letters_to_fold, model, vienna
from biomatrix.errors import ParseError
from biomatrix.metrics.nucleic.dot_bracket import pairs_of


@dataclass(frozen=True)
class Folded:
    """A structure and its free energy.

    Parameters
    ----------
    structure : str
        Dot-bracket, without pseudoknots, which the model does not know.
    energy : float
        kcal/mol; below 0 where it is more stable than the open chain.
    """

    structure: str
    energy: float


def fold(sequence: str, celsius: float = CELSIUS) -> Folded:
    """Return the structure of least free energy.

    Parameters
    ----------
    sequence : str
        RNA, or DNA, which is read as RNA; in either case. Uncertain bases never pair.
    celsius : float
        Temperature.

    Raises
    ------
    ParseError, LimitError
        Letters that are none of IUPAC's; too many (:func:`letters_to_fold`).
    ConfigurationError
        ViennaRNA is not installed.

    Examples
    --------
    >>> fold("GGGCGAAAGCCC").structure  # doctest: +SKIP
    '((((....))))'
    """
    structure, energy = vienna().fold_compound(letters_to_fold(sequence), model(celsius)).mfe()
    return Folded(structure, float(energy))


def evaluate(sequence: str, structure: str, celsius: float = CELSIUS) -> float:
    """Return the free energy of a structure, kcal/mol; pairs that no bases can form cost some kcal each.

    Raises
    ------
    ParseError
        Another length than the sequence's, a mark other than ``().``, or brackets that do not match, with the position.
    """
    letters = letters_to_fold(sequence)
    partners_of(structure)
    if len(structure) != len(letters):
        raise ParseError(f"a structure of {len(structure)} marks does not belong to {len(letters)} bases")
    compound = vienna().fold_compound(letters, model(celsius), vienna().OPTION_EVAL_ONLY)
    return float(compound.eval_structure(structure))


def partners_of(structure: str) -> list[int]:
    """Return the partner of each place, from 0, -1 where unpaired, of dot-bracket text without pseudoknots.

    Raises
    ------
    ParseError
        A mark other than ``().``, or a bracket without its partner, with its index from 0 as ``position``.

    Examples
    --------
    >>> partners_of("(...)")
    [4, -1, -1, -1, 0]
    """
    strange = next((place for place, mark in enumerate(structure) if mark not in "()."), None)
    if strange is not None:
        mark = structure[strange]
        raise ParseError(f"{mark!r} is none of the marks '(', ')' and '.' of a structure to fold", position=strange)
    partners = [-1] * len(structure)
    for one, two in pairs_of(structure):
        partners[one], partners[two] = two, one
    return partners
