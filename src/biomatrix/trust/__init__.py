"""What an answer is worth: checks and a comparison joined into one verdict."""

from __future__ import annotations

from biomatrix.trust.checking import LEVELS, Level, checks_of
from biomatrix.trust.model_agreement import Agreement, check_agreement, score_agreement
from biomatrix.trust.relaxation import Relaxation, relax
from biomatrix.trust.verdict import Verdict, judge

__all__ = [
    "LEVELS",
    "Agreement",
    "Level",
    "Relaxation",
    "Verdict",
    "check_agreement",
    "checks_of",
    "judge",
    "relax",
    "score_agreement",
]
