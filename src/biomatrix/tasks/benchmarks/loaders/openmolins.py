"""OpenMolIns: the training rows of S2-Bench, an instruction in words and a molecule that answers it.

What an instruction asks is read from its words, which come from a few templates, so that it can be asked again in words
of our own and in any notation. A row of customised generation asks for what its molecule has, so only what it names is
counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities import Molecule
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.metrics.s2_bench.requests import BONDS, ELEMENTS
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.s2_requests import GROUPS, example_of
from biomatrix.tasks.benchmarks.rows.table_examples import Row, cell, table_examples

_GROUP: Final = r"an? (?P<{}>benzene[ _]ring|[a-z]+)"
_EDIT: Final[Mapping[str, re.Pattern[str]]] = {
    "AddComponent": re.compile(rf"(?i:add) {_GROUP.format('added_group')} to |by adding {_GROUP.format('added')}"),
    "DelComponent": re.compile(
        rf"(?i:remove) {_GROUP.format('removed_group')} from |by removing {_GROUP.format('removed')}"
    ),
    "SubComponent": re.compile(
        r"(?i:substitut|replac)(?:e|ing) an? (?P<removed_group>benzene[ _]ring|[a-z]+) "
        r"(?:in the molecule \S+ )?(?:with|by) (?:an? )?(?P<added_group>benzene[ _]ring|[a-z]+)"
    ),
}
_MOLECULE: Final = re.compile(r"the molecule (\S+)")
_COUNT: Final = re.compile(r"(\d{1,9}) ([a-z]+(?: rings?)?)(?: (?:atom|bond|group)s?)?(?=[,. ]|$)")
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "AtomNum": tuple(ELEMENTS), "BondNum": BONDS, "FunctionalGroup": tuple(GROUPS),
}  # fmt: skip


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the training rows of a sub-task, the answer as reference.

    Parameters
    ----------
    folder : Path
    split : str
        ``train``: there is no other.
    settings : mapping
        ``task``, as S2-Bench names it, and ``file``, the table of one size.

    Raises
    ------
    ConfigurationError
        Another split, or the file is not there.
    """
    if split != "train":
        raise ConfigurationError(f"OpenMolIns has only a train split, not {split!r}")
    task = str(settings["task"])
    name = task.partition("/")[2]

    def make(number: int, row: Row) -> Iterator[Example]:
        if cell(row, "SubTask") == name:
            answer = cell(row, "molecule")
            Molecule.from_smiles(answer)
            yield example_of(task, str(number), official_row(name, cell(row, "Instruction")), (answer,))

    yield from table_examples(official_file(folder, str(settings["file"])), make)


def official_row(name: str, instruction: str) -> dict[str, str]:
    """Return what an instruction says in the columns of the test file of its sub-task.

    Raises
    ------
    ParseError
        It says something else, or nothing.

    Examples
    --------
    >>> official_row("DelComponent", "Remove a halo from the molecule CCF.")
    {'molecule': 'CCF', 'removed_group': 'halo', 'Instruction': 'Remove a halo from the molecule CCF.'}
    """
    if name in _COLUMNS:
        return _counts(instruction, _COLUMNS[name])
    molecule = _MOLECULE.search(instruction)
    if molecule is None:
        raise ParseError(f"no molecule in the instruction {instruction[:60]!r}")
    row = {"molecule": molecule[1].removesuffix(".")}
    if name in _EDIT:
        found = _EDIT[name].search(instruction)
        if found is None:
            raise ParseError(f"no group in the instruction {instruction[:60]!r}")
        row |= {_column(key): value for key, value in found.groupdict().items() if value}
    return row | {"Instruction": instruction}


def _column(key: str) -> str:
    return key if key.endswith("_group") else f"{key}_group"


def _counts(instruction: str, columns: tuple[str, ...]) -> dict[str, str]:
    row = dict.fromkeys(columns, "0")
    for number, word in _COUNT.findall(instruction):
        name = "benzene rings" if word in ("benzene ring", "benzene rings") else word
        if name not in row:
            raise ParseError(f"{name!r} is none of {', '.join(columns)}")
        row[name] = number
    return row
