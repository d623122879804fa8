"""What constraints of a sequence share: its automaton under wishes, and the letter of each of its ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.constraints.language import Language
from biomatrix.entities.constraints.positional import PositionalAutomaton
from biomatrix.entities.protein.modalities.sequence import RESIDUE_NAMES, ProteinSequence
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds

LETTERS: str = "".join(RESIDUE_NAMES)
"""Every letter a residue may have."""


def sequence_automaton(
    name: str, automaton: Automaton, modality: Modality, ids: SegmentIds
) -> tuple[PositionalAutomaton, NDArray[np.str_]]:
    """Return the automaton of a sequence as one that takes wishes, and the letter of each id inside, ``str [N]``.

    Raises
    ------
    ConfigurationError
        The modality writes no residues; ``name`` is the constraint, for the message.
    """
    if not isinstance(modality, ProteinSequence):
        raise ConfigurationError(
            f"{name} speaks of residue letters; {modality.name} writes none, protein_sequence does"
        )
    positional = PositionalAutomaton.over(automaton, modality, ids)
    letter_of = {id_: modality.decode([token]).sequence for token, id_ in ids.tokens.items()}
    return positional, np.array([letter_of[id_] for id_ in positional.inside.tolist()])


def over_letters(
    letters: NDArray[np.str_], transitions: NDArray[np.int32], accepting: NDArray[np.bool_], alphabet: str
) -> Language:
    """Return a table with a column for each letter of an alphabet as a language over ids.

    Parameters
    ----------
    letters : ndarray, shape=(N,), dtype=str
        The letter of each id.
    transitions : ndarray, shape=(S, A), dtype=int32
    accepting : ndarray, shape=(S,), dtype=bool
    alphabet : str
        Its A letters.
    """
    columns = np.array([alphabet.index(letter) for letter in letters.tolist()], dtype=np.int64)
    return Language(columns, transitions, np.atleast_2d(accepting))
