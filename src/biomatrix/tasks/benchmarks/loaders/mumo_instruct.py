"""MuMOInstruct: pairs of a molecule and a better one, made for several properties at once, with both values stored.

A pair stands for an objective of MolOpt-Instructions where its second molecule reaches the loose goal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities import Molecule
from biomatrix.entities.rejects import Reject
from biomatrix.entities.tables import parquet_rows
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.examples import Example, FieldValue
from biomatrix.tasks.benchmarks.loaders.molopt import goal_of
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.table_examples import row_examples

_COLUMNS: Final = ("split", "source_smiles", "target_smiles", "properties")
_STORED: Final[Mapping[str, tuple[str, ...]]] = {
    "qed+": ("qed",), "bbbp+": ("bbbp",), "qed+bbbp+": ("qed", "bbbp"), "acceptor+": (), "donor+": (),
}  # fmt: skip
"""The stored properties that must have risen, by objective; the others are counted."""


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the pairs of a split that reach an objective.

    Parameters
    ----------
    folder : Path
        Holds ``mumo_instruct.parquet``.
    split : {"train", "test_seen", "test_unseen", "test"}
        ``test`` is ``test_seen``.
    settings : mapping
        ``objective``.

    Raises
    ------
    ConfigurationError
        The file is missing, or holds nothing about that objective.
    """
    objective = str(settings["objective"])
    if objective not in _STORED:
        raise ConfigurationError(f"MuMOInstruct holds nothing about {objective!r}")
    path = official_file(folder, "mumo_instruct.parquet")
    wanted = "test_seen" if split == "test" else split

    def make(number: int, row: Mapping[str, Any]) -> Iterator[Example]:
        example = _example(objective, number, row) if row["split"] == wanted else None
        if example is not None:
            yield example

    return row_examples(parquet_rows(path, _COLUMNS), path, make)


def _example(objective: str, number: int, row: Mapping[str, Any]) -> Example | None:
    """Return the example of a pair, or of a molecule without another; None where the pair misses the objective."""
    source, answer = Molecule.from_smiles(str(row["source_smiles"])), row["target_smiles"]
    if answer and not _reached(objective, _values(row), source, Molecule.from_smiles(str(answer))):
        return None
    facts = {"objective": objective, "criterion": "loose", "molecule": row["source_smiles"]}
    fields: dict[str, FieldValue] = {"molecule": source, "goal": goal_of(objective, "loose", 0.0)}
    return Example(str(number), fields, (str(answer),) if answer else (), facts=facts)


def _values(row: Mapping[str, Any]) -> Mapping[str, Mapping[str, float]]:
    try:
        values = json.loads(row["properties"])
    except (TypeError, ValueError) as error:
        raise ParseError("the properties are no JSON object", position="properties") from error
    if not isinstance(values, dict):
        raise ParseError("the properties are no JSON object", position="properties")
    return values


def _reached(objective: str, values: Mapping[str, Mapping[str, float]], source: Molecule, target: Molecule) -> bool:
    from rdkit.Chem.rdMolDescriptors import CalcNumHBA, CalcNumHBD

    if not _STORED[objective]:
        count = CalcNumHBA if objective == "acceptor+" else CalcNumHBD
        return bool(count(target.mol) > count(source.mol))
    return all(name in values and values[name]["change"] > 0 for name in _STORED[objective])
