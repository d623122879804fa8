"""Checks of decoded entities: pure functions that return a :class:`Check` for each question asked."""

from __future__ import annotations

from biomatrix.trust.agreement import Agreement, compare
from biomatrix.trust.check import Check

__all__ = ["Agreement", "Check", "compare"]
