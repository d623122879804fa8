"""What an answer is worth: checks and a comparison joined into one verdict."""

from __future__ import annotations

from biomatrix.trust.verdict import Verdict, judge

__all__ = ["Verdict", "judge"]
