"""Pairs of entities and texts from tables: captions of molecules, functions of proteins, and any table of a user's.

Pairs of cells and the texts of their types are in :mod:`biomatrix.soft.alignment.cell_texts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.near_matches import choices
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.soft.alignment.pairs import Pair, PairSet
from biomatrix.tasks.benchmarks.loaders import uniprot_records
from biomatrix.tasks.benchmarks.official_files.row_files import read_rows

CHEBI20: Final = {"validation": "validation.txt.gz", "test": "test.txt.gz"}
"""The official files that a caption is read from, by split; those for training are not part of the reference data."""
_TEST_ONE_IN: Final = 5


@dataclass(frozen=True)
class Columns:
    """Which columns of a table hold what.

    Parameters
    ----------
    kind : str
        The kind of the entities.
    entity : str
        The column that spells the entity, as a person types it: SMILES, a sequence.
    text : tuple of str
        The columns of its texts, several where there are several wordings.
    key : str
        The column that says which rows are of one thing; the first text where "".
    quoted : bool
        False where quotation marks are characters like any other.
    doubled : bool
        True where every backslash is written twice.
    """

    kind: str
    entity: str
    text: tuple[str, ...]
    key: str = ""
    quoted: bool = True
    doubled: bool = False


CHEBI20_COLUMNS: Final = Columns("molecule", "SMILES", ("description",), "CID", quoted=False, doubled=True)


@dataclass
class ReadPairs:
    """Pairs of a file, and what was refused of it.

    Parameters
    ----------
    pairs : PairSet
    rejects : list of Reject
    """

    pairs: PairSet
    rejects: list[Reject] = field(default_factory=list)


def read_pairs(path: str | Path, columns: Columns, limit: int | None = None) -> ReadPairs:
    """Return the pairs of a table; a row that lacks a value or spells no entity is refused, and the others are read.

    Parameters
    ----------
    path : str or Path
        ``.tsv``, ``.txt``, ``.csv``, ``.jsonl`` (gzipped or not) or ``.parquet``.
    columns : Columns
    limit : int, optional
        The most pairs, the first of the file.

    Raises
    ------
    ConfigurationError
        There is no such file or column, or no row can be used.
    """
    source = Path(path)
    if not source.is_file():
        raise ConfigurationError("no such file; give a table of entities and texts", file=str(path))
    parse = kind_named(columns.kind).parse
    found = ReadPairs(PairSet((), source.name))
    pairs: list[Pair] = []
    for number, row in enumerate(read_rows(source, quoted=columns.quoted), start=1):
        if limit is not None and len(pairs) >= limit:
            break
        try:
            if isinstance(row, BioMatrixError):
                raise row
            values = {name: str(value) for name, value in row.items() if value is not None}
            if columns.doubled:
                values = {name: value.replace("\\\\", "\\") for name, value in values.items()}
            for name in (columns.entity, *columns.text, *([columns.key] if columns.key else [])):
                if name not in row:
                    raise ConfigurationError(f"no column {name!r}; {choices(name, list(row))}", file=str(path))
            told = tuple(values.get(name, "").strip() for name in columns.text)
            if not told[0]:
                raise ParseError(f"no text in the column {columns.text[0]!r}")
            key = values.get(columns.key, "") if columns.key else ""
            pairs.append(Pair(parse(values.get(columns.entity, "")), tuple(filter(None, told)), key))
        except ConfigurationError:
            raise
        except BioMatrixError as error:
            found.rejects.append(Reject.from_error(error, str(path), number))
    if not pairs:
        raise ConfigurationError("no row holds an entity and a text", file=str(path))
    found.pairs = PairSet(tuple(pairs), source.name)
    return found


def chebi20_pairs(folder: str | Path, split: str, limit: int | None = None) -> ReadPairs:
    """Return molecules and captions of a split of ChEBI-20; the key is the number of PubChem.

    Raises
    ------
    ConfigurationError
        There is no such split or file.
    """
    if split not in CHEBI20:
        raise ConfigurationError(f"no {split} captions; there are: {', '.join(CHEBI20)}")
    found = read_pairs(Path(folder) / CHEBI20[split], CHEBI20_COLUMNS, limit)
    found.pairs = PairSet(found.pairs.pairs, f"ChEBI-20 {split}")
    return found


def function_pairs(path: str | Path, split: str) -> ReadPairs:
    """Return proteins and their function in UniProtKB, from a table of its records; the key is the accession.

    One record in five is a test row, by a hash of its accession. Evidence tags and references are taken out.

    Raises
    ------
    ConfigurationError
        There is no such file, column or split.
    """
    place = Path(path)
    settings = {"file": place.name, "answer": "function", "test_one_in": _TEST_ONE_IN, "show": "protein"}
    pairs, rejects = [], []
    for found in uniprot_records.examples(place.parent, split, settings):
        if isinstance(found, Reject):
            rejects.append(found)
        else:
            shown = found.fields["protein"]
            if not isinstance(shown, Entity):
                raise ConfigurationError("the records spell no proteins", file=str(path))
            pairs.append(Pair(shown, found.references, found.key))
    return ReadPairs(PairSet(tuple(pairs), f"UniProtKB function, {split}"), rejects)


def apart_from(train: PairSet, test: PairSet) -> tuple[PairSet, int]:
    """Return the training pairs whose entity is none of the test's, and how many were left out.

    Entities are the same where their kind's identity is, as for any data that is held out: of molecules, isomers too.
    """
    asked = {_identity(entity) for entity in test.entities}
    kept = [at for at, entity in enumerate(train.entities) if _identity(entity) not in asked]
    return train.of(kept), len(train) - len(kept)


def without_refused(pairs: PairSet, refused: Iterable[int]) -> PairSet:
    """Return the pairs but those of some numbers."""
    out = set(refused)
    return pairs.of([at for at in range(len(pairs)) if at not in out])


def _identity(entity: Entity) -> str:
    return kind_named(entity.kind).identity(entity)
