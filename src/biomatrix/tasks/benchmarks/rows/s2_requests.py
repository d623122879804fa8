"""What S2-Bench asks: its nine sub-tasks, each from a row's columns to what a prompt shows and a judge must know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from biomatrix.entities import Molecule
from biomatrix.errors import ParseError
from biomatrix.metrics.s2_bench.requests import BONDS, ELEMENTS
from biomatrix.metrics.s2_bench.success import asks_for_less
from biomatrix.tasks.benchmarks.examples import Example, FieldValue
from biomatrix.tasks.benchmarks.rows.table_examples import Row, cell, whole

Request: TypeAlias = tuple[dict[str, FieldValue], dict[str, Any]]
"""The fields of prompts, and the facts of the judge and of constraints."""

GROUPS: Final[Mapping[str, str]] = {
    "benzene rings": "benzene ring", "hydroxyl": "hydroxyl group", "anhydride": "anhydride group",
    "aldehyde": "aldehyde group", "ketone": "ketone group", "carboxyl": "carboxyl group", "ester": "ester group",
    "amide": "amide group", "amine": "amine group", "nitro": "nitro group", "halo": "halogen atom",
    "thioether": "thioether group", "nitrile": "nitrile group", "thiol": "thiol group", "sulfide": "sulfide group",
    "disulfide": "disulfide group", "sulfoxide": "sulfoxide group", "sulfone": "sulfone group",
    "borane": "borane group",
}  # fmt: skip
"""The columns of FunctionalGroup, and the groups' names in prompts. The official code does not count thioethers."""


def request_of(task: str, row: Row) -> Request:
    """Return what a row of a sub-task asks.

    Parameters
    ----------
    task : str
        A key of :data:`REQUESTS`, such as ``MolEdit/AddComponent``.
    row : mapping of str to str
        By the official columns.

    Raises
    ------
    ParseError
        A column is missing, or what stands there is no count, no group or no molecule.
    """
    return REQUESTS[task](row)


def example_of(task: str, key: str, row: Row, references: tuple[str, ...] = ()) -> Example:
    """Return the example of a row; ParseError as :func:`request_of`."""
    fields, facts = request_of(task, row)
    return Example(key, fields, references, facts=facts)


def listed(items: Sequence[str]) -> str:
    """Return an enumeration in words.

    Examples
    --------
    >>> listed(["2 thiol groups", "1 amine group", "1 benzene ring"])
    '2 thiol groups, 1 amine group and 1 benzene ring'
    """
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def _counted(numbers: Mapping[str, int], names: Mapping[str, str]) -> str:
    """Return the counts above 0 in words; ParseError where nothing is asked for."""
    asked = [f"{number} {names[column]}{'' if number == 1 else 's'}" for column, number in numbers.items() if number]
    if not asked:
        raise ParseError("a row that asks for nothing")
    return listed(asked)


def _atoms(row: Row) -> Request:
    asked = {column: whole(row, column) for column in ELEMENTS}
    words = _counted(asked, {column: f"{column} atom" for column in asked})
    elements = ",".join(f"{ELEMENTS[column]}{number}" for column, number in asked.items() if number)
    return {"counts": words}, {"row": asked, "elements": elements}


def _bonds(row: Row) -> Request:
    asked = {column: whole(row, column) for column in BONDS}
    words = _counted(asked, {column: f"{column} bond" for column in asked})
    bonds = ",".join(f"{column}:{number}" for column, number in asked.items() if number)
    return {"counts": words}, {"row": asked, "bonds": bonds}


def _groups(row: Row) -> Request:
    asked = {column: whole(row, column) for column in GROUPS}
    facts = {column.replace(" ", "_"): number for column, number in asked.items()}
    # A disulfide's atoms match the pattern of a sulfide too, and the official count takes them off again.
    facts["sulfide_and_disulfide"] = asked["sulfide"] + asked["disulfide"]
    return {"counts": _counted(asked, GROUPS)}, {"row": asked, **facts}


def _source(row: Row) -> tuple[dict[str, FieldValue], dict[str, Any]]:
    """Return the molecule to be changed as a field, and its SMILES as the official data write it in the judge's row."""
    smiles = cell(row, "molecule")
    return {"molecule": Molecule.from_smiles(smiles)}, {"row": {"molecule": smiles}}


def group_column(name: str) -> str:
    """Return the column of a group that a row names: ``benzene_ring`` and ``benzene ring`` stand in the same files."""
    column = "benzene rings" if name in ("benzene ring", "benzene_ring") else name
    if column not in GROUPS:
        raise ParseError(f"{name[:40]!r} is none of the groups {', '.join(GROUPS)}")
    return column


def _edit(*columns: str) -> Callable[[Row], Request]:
    """Return the request of an edit whose groups stand in these columns."""

    def edit(row: Row) -> Request:
        fields, facts = _source(row)
        for column in columns:
            group = group_column(cell(row, column))
            facts["row"][column] = "benzene ring" if group == "benzene rings" else group
            name = GROUPS[group]
            fields[column] = f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
        return fields, facts

    return edit


def _optimise(name: str) -> Callable[[Row], Request]:
    """Return the request of a property by its name in prompts."""

    def optimise(row: Row) -> Request:
        fields, facts = _source(row)
        instruction = cell(row, "Instruction")
        facts["row"]["Instruction"] = instruction
        return fields | {"property": name, "change": "lower" if asks_for_less(instruction) else "higher"}, facts

    return optimise


REQUESTS: Final[Mapping[str, Callable[[Row], Request]]] = {
    "MolEdit/AddComponent": _edit("added_group"),
    "MolEdit/DelComponent": _edit("removed_group"),
    "MolEdit/SubComponent": _edit("removed_group", "added_group"),
    "MolCustom/AtomNum": _atoms,
    "MolCustom/BondNum": _bonds,
    "MolCustom/FunctionalGroup": _groups,
    "MolOpt/LogP": _optimise("logP"),
    "MolOpt/MR": _optimise("molar refractivity"),
    "MolOpt/QED": _optimise("QED"),
}
"""Each sub-task by its official folder."""
