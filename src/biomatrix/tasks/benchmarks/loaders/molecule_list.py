"""Any file of SMILES as training and held-out set of unconditional generation.

Settings: those of :class:`biomatrix.tasks.benchmarks.rows.molecule_lists.MoleculeLists`, and ``samples``, how many are
drawn.
"""

from __future__ import annotations

from biomatrix.tasks.benchmarks.rows.molecule_lists import drawn_examples as examples

__all__ = ["examples"]
