"""The released BioMatrix-SFT data: a folder for each of its configurations, with files of instruction records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from biomatrix.entities.near_matches import choices
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.tasks.benchmarks.exports.instruction_records import InstructionRecord, record_of
from biomatrix.tasks.benchmarks.official_files.row_files import read_rows

CONFIGURATIONS: Final = (
    "molecule_1d_smiles", "molecule_1d_selfies", "molecule_3d", "protein_1d", "protein_3d", "interaction_1d",
    "interaction_3d",
)  # fmt: skip
_SUFFIXES: Final = (".parquet", ".jsonl", ".jsonl.gz")


def released_files(folder: Path, configuration: str) -> list[Path]:
    """Return the files of a configuration, in order.

    They lie in a folder of its name, or bear its name themselves, here or in ``data``.

    Raises
    ------
    ConfigurationError
        There is no such configuration, or none of its files.
    """
    if configuration not in CONFIGURATIONS:
        raise ConfigurationError(f"no configuration {configuration!r}; {choices(configuration, CONFIGURATIONS)}")
    for place in (folder, folder / "data"):
        inside = place / configuration
        found = inside.rglob("*") if inside.is_dir() else place.glob(f"{configuration}[.-]*")
        files = sorted(path for path in found if path.is_file() and path.name.endswith(_SUFFIXES))
        if files:
            return files
    raise ConfigurationError(
        f"no files of {configuration} here: {', '.join(_SUFFIXES)} in a folder of that name are read", file=str(folder)
    )


def released_records(folder: Path, configuration: str) -> Iterator[InstructionRecord | Reject]:
    """Yield the records of a configuration, file by file; a row that is none becomes a reject.

    Raises
    ------
    ConfigurationError
        As :func:`released_files`.
    ParseError
        A file as a whole cannot be read.
    """
    for path in released_files(folder, configuration):
        for number, row in enumerate(read_rows(path), start=1):
            try:
                if isinstance(row, BioMatrixError):
                    raise row
                yield record_of(row)
            except BioMatrixError as error:
                yield Reject.from_error(error, str(path), number)
