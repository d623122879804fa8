"""Chains of a table with a split of its own (see :mod:`biomatrix.tasks.benchmarks.rows.chain_rows`)."""

from __future__ import annotations

from biomatrix.tasks.benchmarks.rows.chain_rows import chain_examples as examples

__all__ = ["examples"]
