"""Files of entities encoded into a store of vectors, and their vectors as a table for other programs.

Legend of shapes: n records with vectors, k vectors of an entity, d numbers of a vector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.conversion.counts import Counts
from biomatrix.conversion.lines import open_lines
from biomatrix.conversion.outputs import check_paths, rejects_beside
from biomatrix.entities import Entity, Reject, read_entities
from biomatrix.entities.counting import count_records
from biomatrix.entities.encoder import DEFAULT_BATCH
from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.text import read_lines
from biomatrix.entities.files.writing import named_refusals, write_atomically
from biomatrix.entities.formats import known_formats, read_format_of
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.progress import Progress
from biomatrix.soft.vectors import VectorStore

if TYPE_CHECKING:
    from biomatrix.entities.encoder import Encoder

TABLES: Final = (".npy", ".parquet")
_ROWS: Final = 4096
"""Records whose vectors are copied at once into a table."""


@dataclass
class EncodedFile:
    """What became of a file.

    Parameters
    ----------
    counts : Counts
        Records with vectors, and those refused.
    new : int
        Entities encoded now; of the other records the vectors were there already.
    """

    counts: Counts
    new: int = 0


@dataclass
class _Records:
    """What is remembered of the entities of a file, in their order."""

    encoder: Encoder
    numbers: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def add(self, number: int, entity: Entity) -> None:
        """Note an entity; one without a key is refused by the store, which says why."""
        try:
            key = self.encoder.key(entity)
        except BioMatrixError:
            key = ""
        self.numbers.append(number)
        self.names.append(str(getattr(entity, "name", "") or ""))
        self.keys.append(key)


def encode_file(
    file: str,
    folder: Path,
    encoder: Encoder,
    *,
    file_format: str | None = None,
    one_a_line: bool = False,
    table: Path | None = None,
    rejects: Path | None = None,
    batch_size: int = DEFAULT_BATCH,
    settings: Mapping[str, Any] = MappingProxyType({}),
) -> EncodedFile:
    """Encode every record of a file into a store, and list those refused.

    Parameters
    ----------
    file : str
        A file of entities of the encoder's kind, or "-" for standard input.
    folder : Path
        The store's. What it holds of this encoder already is not encoded again, so that a stopped run goes on.
    encoder : Encoder
    file_format : str, optional
        The format, where the file name does not tell.
    one_a_line : bool
        Whether the file holds an entity a line, as a person types it; blank lines are passed over.
    table : Path, optional
        A ``.npy``, ``float32 [n, k, d]``, or ``.parquet`` of the records that have vectors, in the file's order.
    rejects : Path, optional
        File for the refused records, as JSON lines; ``<folder>.rejects.jsonl`` when not given.
    batch_size : int
        Entities that go through a network together.
    settings : mapping of str to object
        What the kind's reader can be told of a file that has a format.

    Raises
    ------
    ConfigurationError
        Two of the paths are the same file, one cannot be written, or the table has another ending.
    """
    if table is not None and table.suffix.lower() not in TABLES:
        raise ConfigurationError(f"a table of vectors ends in {' or '.join(TABLES)}", file=str(table))
    if one_a_line and file_format:
        raise ConfigurationError("entities a line each, as a person types them, have no format", file=file)
    if batch_size < 1:
        raise ConfigurationError(f"batch_size={batch_size}; give a number from 1")
    read, total = _opened(file, encoder.kind, file_format, one_a_line, settings)
    make_folder(folder)
    rejects = rejects_beside(folder) if rejects is None else rejects
    check_paths(file, table, rejects)
    store = VectorStore(folder, encoder)
    found, records = EncodedFile(Counts(rejects_file=rejects)), _Records(encoder)
    with ExitStack() as stack:
        stream = stack.enter_context(open_lines(rejects)) if rejects else None
        entities = _entities(read, records, lambda reject: found.counts.reject(reject, stream))
        added = store.add(entities, Progress("encode", total, "entities"), batch_size)
        refused = dict(added.refused)
        for place, error in sorted(refused.items()):
            found.counts.reject(Reject.from_error(error, file, records.numbers[place]), stream)
    found.new, found.counts.succeeded = added.new, len(records.numbers) - len(refused)
    if table is not None and found.counts.succeeded:
        kept = [place for place in range(len(records.numbers)) if place not in refused]
        _write_table(table, store, records, kept)
    return found


def _opened(
    file: str, kind: str, file_format: str | None, one_a_line: bool, settings: Mapping[str, Any]
) -> tuple[Iterator[tuple[int, Entity | Reject]], Callable[[], int | None] | None]:
    """Return the records of a file with their numbers from 1, and what finds out how many there seem to be."""
    if one_a_line:
        return _lines(file, kind), None
    file_format = read_format_of(file, file_format, (kind_named(kind),))
    layout = known_formats()[file_format][0]
    read = read_entities(file, kind=kind, file_format=file_format, **settings)
    return enumerate(read, start=1), partial(count_records, file, layout)


def _lines(file: str, kind: str) -> Iterator[tuple[int, Entity | Reject]]:
    """Yield the number of each line that is not blank, and its entity or why it spells none."""
    parse = kind_named(kind).parse
    for number, line in enumerate(read_lines(file), start=1):
        if line.strip():
            try:
                yield number, parse(line.strip())
            except BioMatrixError as error:
                yield number, Reject.from_error(error, file, number)


def _entities(
    read: Iterator[tuple[int, Entity | Reject]], records: _Records, refuse: Callable[[Reject], None]
) -> Iterator[Entity]:
    """Yield the entities among the records of a file, each noted; the others are refused."""
    for number, one in read:
        if isinstance(one, Reject):
            refuse(one)
        else:
            records.add(number, one)
            yield one


def _write_table(path: Path, store: VectorStore, records: _Records, kept: Sequence[int]) -> None:
    """Write the vectors of records as a table that takes its name once it is complete."""
    with named_refusals(path), write_atomically(path) as stream:
        if path.suffix.lower() == ".npy":
            _write_npy(stream, store, [records.keys[place] for place in kept])
        else:
            _write_parquet(stream, store, records, kept)


def _write_npy(stream: IO[bytes], store: VectorStore, keys: Sequence[str]) -> None:
    shape = (len(keys), store.encoder.k, store.encoder.d)
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    for start in range(0, len(keys), _ROWS):
        stream.write(store.rows(keys[start : start + _ROWS]).astype("<f4").tobytes())


def _write_parquet(stream: IO[bytes], store: VectorStore, records: _Records, kept: Sequence[int]) -> None:
    """Write record, name, key and ``vectors``, a list of k x d numbers, row by row; what they are of as metadata."""
    import pyarrow as pa
    from pyarrow import parquet

    encoder = store.encoder
    about = {
        "encoder": encoder.spec,
        "encoder_hash": encoder.hash,
        "kind": encoder.kind,
        "k": encoder.k,
        "d": encoder.d,
    }
    columns = [("record", pa.int64()), ("name", pa.string()), ("key", pa.string())]
    schema = pa.schema(
        [*columns, ("vectors", pa.list_(pa.float32(), encoder.k * encoder.d))],
        metadata={f"biomatrix.{name}": str(value) for name, value in about.items()},
    )
    with parquet.ParquetWriter(stream, schema) as writer:
        for start in range(0, len(kept), _ROWS):
            some = kept[start : start + _ROWS]
            keys = [records.keys[place] for place in some]
            numbers = pa.array(store.rows(keys).reshape(-1))
            arrays = [
                pa.array([records.numbers[place] for place in some], pa.int64()),
                pa.array([records.names[place] for place in some], pa.string()),
                pa.array(keys, pa.string()),
                pa.FixedSizeListArray.from_arrays(numbers, encoder.k * encoder.d),
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
