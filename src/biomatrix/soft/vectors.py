"""Vectors on disk: encoded once, kept by what was encoded and by what encoded it, and read as mapped memory.

A folder holds one folder an encoder, named by its hash: ``vectors.f32``, rows of k x d little-endian float32;
``keys.bin``, the SHA-256 of each row's entity; ``encoder.json``. Rows reach the disk before their keys, so that a row
with a key is whole: after a kill the rest is cut off, and work goes on behind it.

Legend of shapes: n entities, k vectors of an entity, d numbers of a vector.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.encoder import DEFAULT_BATCH, Encoder, checked_vectors
from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.in_use import held_alone
from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.files.writing import named_refusals, write_whole
from biomatrix.errors import BioMatrixError, ConfigurationError, WeightsError
from biomatrix.progress import Progress

VECTORS_FILE: Final = "vectors.f32"
KEYS_FILE: Final = "keys.bin"
ABOUT_FILE: Final = "encoder.json"
LAYOUT: Final = 1
"""Of the files; another one is refused."""
_KEY_BYTES: Final = 32
_SHORT: Final = 16
"""Digits of the encoder's hash in the name of its folder; the whole hash stands inside."""
_BLOCK: Final = 16
"""Batches that are sorted by length together and written together."""


@dataclass
class Added:
    """What became of entities that were put into a store.

    Parameters
    ----------
    new : int
        Encoded now.
    kept : int
        There already, or the same as another of the call.
    refused : list of (int, BioMatrixError)
        The number of each that has no vectors, from 0, and why.
    """

    new: int = 0
    kept: int = 0
    refused: list[tuple[int, BioMatrixError]] = field(default_factory=list)


class VectorStore:
    """Vectors of one encoder in a folder.

    Parameters
    ----------
    folder : str or Path
        It may hold the vectors of other encoders too. Made when something is first added.
    encoder : Encoder

    Raises
    ------
    WeightsError
        What lies there is of another layout, or damaged.
    """

    def __init__(self, folder: str | Path, encoder: Encoder) -> None:
        self.encoder = encoder
        self.folder = Path(folder) / encoder.hash[:_SHORT]
        self._width = encoder.k * encoder.d
        self._forget()
        self.refresh()

    def __len__(self) -> int:
        """Return the number of entities that have vectors here."""
        return len(self._rows)

    def __contains__(self, entity: object) -> bool:
        return isinstance(entity, Entity) and bytes.fromhex(self.encoder.key(entity)) in self._rows

    def __getitem__(self, entity: Entity) -> NDArray[np.float32]:
        """Return the vectors of an entity, ``float32 [k, d]``; ConfigurationError where it was not added."""
        found: NDArray[np.float32] = self.rows([self.encoder.key(entity)])[0]
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Leave the mapped memory out: another process, such as one that loads data, maps the files for itself."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_rows", "_vectors")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()
        self.refresh()

    def _forget(self) -> None:
        self._rows: dict[bytes, int] = {}
        self._vectors: NDArray[np.float32] = np.empty((0, self.encoder.k, self.encoder.d), dtype=np.float32)

    def keys(self) -> list[str]:
        """Return the keys of all rows, in hexadecimal, in the order in which they were added."""
        return [key.hex() for key in self._rows]

    def places(self, keys: Sequence[str]) -> NDArray[np.int64]:
        """Return the row of each key in :attr:`vectors`, ``int64 [n]``.

        Raises
        ------
        ConfigurationError
            A key has no vectors here; it is named with its number from 1.
        """
        found = [self._rows.get(_digest(key), -1) for key in keys]
        if -1 in found:
            number = found.index(-1)
            raise ConfigurationError(
                f"no vectors are kept of the entity {keys[number][:_SHORT]}; encode it first",
                file=str(self.folder),
                record=number + 1,
            )
        return np.array(found, dtype=np.int64)

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of entities by their keys (:meth:`Encoder.key`), ``float32 [n, k, d]``, a copy."""
        # An index into mapped memory itself makes mapped memory, which takes longer than the copy.
        found: NDArray[np.float32] = np.asarray(self._vectors).take(self.places(keys), axis=0)
        return found

    @property
    def vectors(self) -> NDArray[np.float32]:
        """All rows as mapped memory, read only, ``float32 [n, k, d]``; :meth:`places` says which is whose."""
        return self._vectors

    def refresh(self) -> None:
        """See what other processes have added meanwhile."""
        about = self.folder / ABOUT_FILE
        if not about.is_file():
            return
        self._check(read_object(about, WeightsError))
        known = len(self._rows)
        fresh = _read_from(self.folder / KEYS_FILE, known * _KEY_BYTES)
        count = known + len(fresh) // _KEY_BYTES
        path = self.folder / VECTORS_FILE
        held = path.stat().st_size // (4 * self._width) if path.is_file() else 0
        if held < count:
            raise WeightsError(f"cut short: {held:,} rows of the {count:,} that have a key; remove it", file=str(path))
        for row in range(known, count):
            at = (row - known) * _KEY_BYTES
            self._rows[fresh[at : at + _KEY_BYTES]] = row
        if len(self._rows) < count:
            raise WeightsError("a key stands twice: damaged; remove the folder", file=str(self.folder / KEYS_FILE))
        if count > known:
            shape = (count, self.encoder.k, self.encoder.d)
            self._vectors = np.memmap(path, dtype="<f4", mode="r", shape=shape)

    def add(
        self, entities: Iterable[Entity], progress: Progress | None = None, batch_size: int = DEFAULT_BATCH
    ) -> Added:
        """Encode what has no vectors yet, in blocks that are each on disk before the next begins.

        Parameters
        ----------
        entities : iterable of Entity
            Read as they are needed; those refused are counted, and none is encoded twice.
        progress : Progress, optional
            One that shows the work; one of its own logs it where None is given.
        batch_size : int
            Entities that go through a network together.

        Raises
        ------
        ConfigurationError
            Another process adds vectors of this encoder to the folder, or nothing can be written there.
        """
        total = len(entities) if isinstance(entities, Sequence) else None
        shown = progress or Progress(f"encode into {self.folder.name}", total, "entities")
        added = Added()
        make_folder(self.folder.parent)
        with held_alone(self.folder, "another process encodes into it; wait for it, or give another folder"):
            self._prepare()
            for start, block in _blocks(entities, _BLOCK * batch_size):
                self._add_block(start, block, batch_size, added, shown)
        return added

    def _add_block(
        self, start: int, block: Sequence[Entity], batch_size: int, added: Added, progress: Progress
    ) -> None:
        wanted: dict[bytes, int] = {}
        for number, entity in enumerate(block):
            try:
                key = bytes.fromhex(self.encoder.key(entity))
            except BioMatrixError as error:
                added.refused.append((start + number, error))
                continue
            if key not in self._rows:
                wanted.setdefault(key, number)
        fresh = list(wanted.items())
        found = self.encoder.encode_each([block[number] for _, number in fresh], batch_size) if fresh else []
        keys, rows = [], []
        for (key, number), one in zip(fresh, found, strict=True):
            try:
                if isinstance(one, BioMatrixError):
                    raise one
                rows.append(checked_vectors(one, self.encoder.k, self.encoder.d))
                keys.append(key)
            except BioMatrixError as error:
                added.refused.append((start + number, error))
        refused = sum(number >= start for number, _ in added.refused)
        added.new += len(keys)
        added.kept += len(block) - len(keys) - refused
        self._append(keys, rows)
        progress.advance(len(keys) + refused)
        progress.advance(len(block) - len(keys) - refused, cached=True)

    def _append(self, keys: list[bytes], rows: list[NDArray[np.float32]]) -> None:
        """Write rows, and their keys once the rows are on disk."""
        if not keys:
            return
        with named_refusals(self.folder):
            _append_to_disk(self.folder / VECTORS_FILE, np.stack(rows).astype("<f4").tobytes())
            _append_to_disk(self.folder / KEYS_FILE, b"".join(keys))
        self.refresh()

    def _prepare(self) -> None:
        """Make the files where there are none, and cut off what a killed writer left without a key."""
        make_folder(self.folder)
        about = {
            "layout": LAYOUT,
            "encoder": self.encoder.spec or type(self.encoder).__name__,
            "hash": self.encoder.hash,
            "kind": self.encoder.kind,
            "k": self.encoder.k,
            "d": self.encoder.d,
        }
        if not (self.folder / ABOUT_FILE).is_file():
            write_whole(self.folder / ABOUT_FILE, json.dumps(about, indent=1).encode() + b"\n")
        self.refresh()
        count = len(self._rows)
        with named_refusals(self.folder):
            for name, size in ((KEYS_FILE, _KEY_BYTES), (VECTORS_FILE, 4 * self._width)):
                with (self.folder / name).open("ab") as stream:
                    stream.truncate(count * size)

    def _check(self, about: dict[str, Any]) -> None:
        wanted = {"layout": LAYOUT, "hash": self.encoder.hash, "k": self.encoder.k, "d": self.encoder.d}
        for name, value in wanted.items():
            if about.get(name) != value:
                raise WeightsError(
                    f"the vectors kept there have the {name} {about.get(name)}, this encoder has {value}; "
                    "give another folder",
                    file=str(self.folder / ABOUT_FILE),
                )


def _digest(key: str) -> bytes:
    """Return the bytes of a key in hexadecimal; none of what is no such text."""
    try:
        return bytes.fromhex(key)
    except ValueError:
        return b""


def _read_from(path: Path, start: int) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as stream:
        stream.seek(start)
        return stream.read()


def _append_to_disk(path: Path, content: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _blocks(entities: Iterable[Entity], size: int) -> Iterator[tuple[int, list[Entity]]]:
    """Yield entities by so many, each block with the number of its first, from 0."""
    stream, start = iter(entities), 0
    while block := list(islice(stream, size)):
        yield start, block
        start += len(block)
