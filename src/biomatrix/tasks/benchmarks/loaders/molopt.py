"""MolOpt-Instructions: the 500 molecules of DrugAssist's official evaluation with their stored property values.

Every molecule is asked about twice, as the official evaluation runs every objective twice: loosely, for any
improvement, and strictly, for one of a given size.

The official file holds no answers. Where a file ``accepted.csv`` lies beside it, with the columns ``objective``,
``criterion``, ``smiles`` and ``answer``, it names correct ones: so do the samples of this package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities import Molecule
from biomatrix.entities.files.delimited import Delimited
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.answers import GOLD
from biomatrix.tasks.benchmarks.examples import FOLDER, Example, FieldValue
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.pair_examples import as_number
from biomatrix.tasks.benchmarks.rows.table_examples import Row, cell, table_examples

TABLE: Final = "testset.csv"
PROPERTIES: Final = ("esol", "bbbp", "hergc10", "qed", "NumHDonors", "NumHAcceptors")
"""The columns of stored values: log mol/L, probabilities, the QED, and counts."""

GOALS: Final[Mapping[str, tuple[str, str]]] = {
    "qed+": ("a higher QED", "a QED at least 0.1 higher"),
    "acceptor+": ("more hydrogen-bond acceptors", "at least 2 more hydrogen-bond acceptors"),
    "donor+": ("more hydrogen-bond donors", "at least 2 more hydrogen-bond donors"),
    "esol+": ("a higher solubility in water", "{solubility}"),
    "bbbp+": (
        "a higher probability of crossing the blood-brain barrier",
        "a probability of crossing the blood-brain barrier that is at least 0.1 higher",
    ),
    "herg-": ("a lower probability of blocking hERG", "a probability of blocking hERG that is at least 0.1 lower"),
    "esol+acceptor+": (
        "a higher solubility in water and more hydrogen-bond acceptors",
        "{solubility} and at least 2 more hydrogen-bond acceptors",
    ),
    "qed+bbbp+": (
        "a higher QED and a higher probability of crossing the blood-brain barrier",
        "a QED and a probability of crossing the blood-brain barrier that are each at least 0.1 higher",
    ),
}
"""The goal of each objective in words, loosely and strictly; objectives as the official code names them."""

CRITERIA: Final = ("loose", "strict")


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield two examples for each molecule: one of each criterion.

    Parameters
    ----------
    folder : Path
        Holds ``testset.csv``.
    split : str
        ``test``.
    settings : mapping
        ``objective``, a key of :data:`GOALS`.

    Raises
    ------
    ConfigurationError
        Another split, or the file is not there.
    """
    if split != "test":
        raise ConfigurationError(f"MolOpt-Instructions is read in its test split alone, not {split!r}")
    objective = str(settings["objective"])
    path = official_file(folder, TABLE)
    accepted = _accepted(path.with_name("accepted.csv"), objective)

    def make(number: int, row: Row) -> Iterator[Example]:
        smiles = cell(row, "smiles")
        molecule, values = Molecule.from_smiles(smiles), {name: as_number(cell(row, name), name) for name in PROPERTIES}
        for criterion in CRITERIA:
            goal = goal_of(objective, criterion, values["esol"])
            facts = {"objective": objective, "criterion": criterion, "molecule": smiles, FOLDER: str(folder)}
            fields: dict[str, FieldValue] = {"molecule": molecule, "goal": goal}
            answer = accepted.get((criterion, smiles))
            yield Example(f"{number}-{criterion}", fields, facts=facts | ({GOLD: answer} if answer else {}))

    yield from table_examples(path, make)


def stored_properties(folder: Path) -> dict[str, dict[str, float]]:
    """Return the stored values of every official molecule by its SMILES; rows that lack one are left out."""
    found = {}
    for row in Delimited(official_file(folder, TABLE)).rows(whole=True):
        try:
            if not isinstance(row, ParseError):
                found[cell(row, "smiles")] = {name: as_number(cell(row, name), name) for name in PROPERTIES}
        except ParseError:
            continue
    return found


def goal_of(objective: str, criterion: str, solubility: float) -> str:
    """Return the goal of a molecule in words; its solubility in log mol/L bounds what is strictly asked for.

    Examples
    --------
    >>> goal_of("esol+", "strict", -3.1229)
    'a solubility in water between -2.62 and -1.62 log mol/L'
    """
    bounds = f"a solubility in water between {solubility + 0.5:.2f} and {solubility + 1.5:.2f} log mol/L"
    return GOALS[objective][CRITERIA.index(criterion)].format(solubility=bounds)


def _accepted(path: Path, objective: str) -> dict[tuple[str, str], str]:
    """Return a correct answer by criterion and molecule; none where there is no such file."""
    found = {}
    for row in Delimited(path).rows(whole=True) if path.is_file() else ():
        if isinstance(row, ParseError):
            raise row.at(file=str(path))
        if row["objective"] == objective:
            found[row["criterion"], row["smiles"]] = row["answer"]
    return found
