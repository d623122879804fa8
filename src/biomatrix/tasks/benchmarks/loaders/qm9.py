"""QM9: molecules to be made with coordinates, unconditionally or with a given value of a property.

Unconditionally there is nothing to show. Each of the 10,000 examples carries a molecule of the test split as one answer
that would do; the judge compares all answers with the whole test split, which it reads from the same folder.

With a property, 10,000 molecules of the generator's half of the training split are drawn under a fixed seed, and their
values are the targets: how the published targets were drawn is not stated beyond that they follow that distribution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError
from biomatrix.tasks.benchmarks.examples import FOLDER, Example
from biomatrix.tasks.benchmarks.official_files.qm9_tables import Conformers, conformers
from biomatrix.tasks.benchmarks.rows.qm9_splits import Indices, split_records

SAMPLES: Final = 10_000
"""Answers that the published numbers rest on."""
_SEED: Final = 0
_SHOWN: Final[Mapping[str, tuple[str, str, int]]] = {
    "mu": ("dipole moment", "D", 3),
    "alpha": ("polarizability", "Bohr^3", 2),
    "cv": ("heat capacity above that of the free atoms", "cal/(mol K)", 3),
    "homo": ("HOMO energy", "meV", 1),
    "lumo": ("LUMO energy", "meV", 1),
    "gap": ("HOMO-LUMO gap", "meV", 1),
}
"""The name, the unit and the decimals of each property in prompts."""


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the molecules of a split in the order of the file.

    Parameters
    ----------
    folder : Path
    split : str
        ``train``, ``validation`` or ``test``; ``test`` of a property is drawn, and its ``train`` is the generator's
        half.
    settings : mapping
        ``property``, a column of the table, where its value is asked for; ``file``, a Parquet table that stands in.

    Raises
    ------
    ConfigurationError
        There is no such split, or a file is missing.
    """
    name, file = str(settings.get("property", "")), str(settings.get("file", ""))
    molecules = conformers(folder, file)
    wanted = _drawn(molecules, split) if name else split_records(molecules.kept, split)
    reference = {FOLDER: str(folder), "file": file}
    for index, found in molecules.molecules(wanted if split != "test" else wanted[:SAMPLES]):
        if isinstance(found, Reject):
            yield found
            continue
        if not name:
            yield Example(str(index + 1), {}, target=found, facts={"reference": reference})
            continue
        label, unit, decimals = _SHOWN[name]
        try:
            value = f"{molecules.value(name, index, found.with_hydrogens().num_atoms):.{decimals}f}"
        except BioMatrixError as error:
            yield Reject.from_error(error, file or "gdb9.sdf.csv", index + 1)
            continue
        fields = {"property": label, "value": value, "unit": unit}
        yield Example(str(index + 1), fields, target=found, facts={"value": float(value), "reference": reference})


def _drawn(molecules: Conformers, split: str) -> Indices:
    """Return the positions of a split where values are asked for; those of the test split are drawn without repeats."""
    if split == "validation":
        return split_records(molecules.kept, split)
    half = split_records(molecules.kept, "train_generator")
    if split == "train":
        return half
    if split != "test":
        return split_records(molecules.kept, split)
    return np.random.RandomState(_SEED).permutation(half)[:SAMPLES]
