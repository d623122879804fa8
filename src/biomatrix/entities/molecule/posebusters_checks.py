"""PoseBusters' own checks of a conformer (Buttenschoen et al. 2024), its configuration ``mol``, as checks of ours."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import StringIO
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import rdkit
from rdkit import rdBase
from rdkit.rdBase import BlockLogs

from biomatrix.entities.check import Check

if TYPE_CHECKING:
    from biomatrix.entities.molecule.entity import Molecule

PREFIX: Final = "PoseBusters: "
CHECKS: Final = (
    "sanitization",
    "inchi_convertible",
    "all_atoms_connected",
    "no_radicals",
    "bond_lengths",
    "bond_angles",
    "internal_steric_clash",
    "aromatic_ring_flatness",
    "non-aromatic_ring_non-flatness",
    "double_bond_flatness",
    "internal_energy",
)
"""Its answers, as PoseBusters 0.6 names them."""
_VALUES: Final = {"internal_energy": ("energy_ratio", "times the mean energy of 50 conformers by UFF, at most 100")}


def posebusters_checks(molecule: Molecule) -> list[Check]:
    """Return every check of PoseBusters for a molecule by itself; ``passed`` is None where one could not run.

    Much slower than the package's own: the energy ratio alone embeds 50 conformers.

    Parameters
    ----------
    molecule : Molecule
        With a conformer; without one every ``passed`` is None.
    """
    if not molecule.has_conformer:
        return [Check(_words(name), None, detail="no conformer") for name in CHECKS]
    busters = _busters()
    with _logging_as_before(), BlockLogs():
        table = busters.bust([molecule.mol], None, None, full_report=True)
    return [_check(name, dict(table.iloc[0])) for name in CHECKS]


@cache
def _busters() -> Any:
    from posebusters import PoseBusters

    return PoseBusters(config="mol")


@contextmanager
def _logging_as_before() -> Iterator[None]:
    """Silence PoseBusters, and undo what it does to the logging of RDKit in the whole process.

    Importing it sends RDKit's messages to Python's logging; a check turns every log on; and the handler is left with
    the standard error of that moment: where that is closed later, PoseBusters takes the error for one of InChI.
    """
    loggers = (logging.getLogger("posebusters"), rdkit.logger)
    levels, stream = [logger.level for logger in loggers], rdkit.log_handler.stream
    states = dict(line.split(":") for line in rdBase.LogStatus().splitlines())
    rdBase.LogToPythonLogger()
    rdkit.log_handler.stream = StringIO()
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        rdBase.LogToCppStreams()
        for name, state in states.items():
            (rdBase.EnableLog if state == "enabled" else rdBase.DisableLog)(name)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        rdkit.log_handler.stream = stream


def _check(name: str, row: dict[str, Any]) -> Check:
    answer = row.get(name)
    passed = bool(answer) if answer is not None and answer == answer else None
    column, unit = _VALUES.get(name, ("", ""))
    value = row.get(column)
    number = float(value) if value is not None and isfinite(value) else None
    return Check(_words(name), passed, number, unit if number is not None else "")


def _words(name: str) -> str:
    return PREFIX + name.replace("_", " ")
