"""Which token of a transcript may follow which: 5' UTR, then the coding part codon by codon, then 3' UTR."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from biomatrix.entities.grammar import Grammar

UTR, CODON, BASE, CODE, PHASE_1, PHASE_2 = range(6)
"""Classes of tokens: a base of a UTR; a codon; in the coding part a single base, and a code for several; the bases
before the first whole codon, one or two."""
MARKS: Final = "uclapq"
"""A character for each class."""
CODING: Final = re.compile(r"(u*)((?:p[la]|q[la]{2})?(?:c|a[la]{2}|la[la]|lla)*(?:[la]{1,2})?)(u*)")
"""The marks of a transcript as the grammar allows them: what is before, in, and behind its coding part."""
_FIVE, _LEAD_2, _LEAD_1, _IN, _PLAIN_1, _CODED_1, _PLAIN_2, _CODED_2, _THREE = range(9)
"""States: in the 5' UTR; two bases or one owed before the first codon; behind a whole codon; behind one or two single
bases, none of them a code or one of them; in the 3' UTR."""


def codon_grammar() -> Grammar:
    """Return the grammar of a transcript; lengths count bases.

    Three single bases stand for a codon only where one of them is a code for several, so that each codon is written in
    one way; one or two end a coding part that is not a whole number of codons.
    """
    transitions = np.full((9, 6), -1, dtype=np.int16)
    transitions[[_FIVE, _IN], CODON] = _IN
    transitions[[_FIVE, _IN], BASE], transitions[[_FIVE, _IN], CODE] = _PLAIN_1, _CODED_1
    transitions[_FIVE, [UTR, PHASE_1, PHASE_2]] = _FIVE, _LEAD_1, _LEAD_2
    transitions[_LEAD_2, [BASE, CODE]], transitions[_LEAD_1, [BASE, CODE]] = _LEAD_1, _IN
    transitions[_PLAIN_1, [BASE, CODE]], transitions[_CODED_1, [BASE, CODE]] = (_PLAIN_2, _CODED_2), _CODED_2
    transitions[_PLAIN_2, CODE], transitions[_CODED_2, [BASE, CODE]] = _IN, _IN
    accepting = np.arange(9) >= _IN
    transitions[accepting, UTR] = _THREE
    return Grammar(transitions, accepting, counted=np.array([1, 3, 1, 1, 0, 0]))
