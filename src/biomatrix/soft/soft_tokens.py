"""What a model needs to read soft parts of prompts: for each kind of entity an encoder and a projector."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.near_matches import choices
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError, WeightsError
from biomatrix.generation.vectors import VECTORS, PlacedVectors
from biomatrix.soft.projector_record import RECORD_FILE
from biomatrix.soft.prompt_part import GivenVectors, Soft
from biomatrix.soft.soft_source import SoftSource
from biomatrix.vocabulary.tables import Deferred, Item

KEPT: Final = 4096
"""Entities whose vectors stay in memory for the next prompt that shows them."""


class SoftTokens:
    """Turns entities in prompts into places of vectors; a :class:`biomatrix.generation.resolving.PromptResolver`.

    Parameters
    ----------
    sources : sequence of SoftSource
        At least one; a kind of entity may have several, which prompts then name.
    kept : int
        Entities whose vectors stay in memory.

    Raises
    ------
    ConfigurationError
        There is none, two have one name, or they are of different decoders.
    """

    def __init__(self, sources: Sequence[SoftSource], kept: int = KEPT) -> None:
        names = [source.name for source in sources]
        twice = next((name for name in names if names.count(name) > 1), None)
        if not sources or twice is not None:
            raise ConfigurationError("no projector was given" if twice is None else f"two projectors named {twice}")
        _check_one_decoder(sources)
        self.sources = {source.name: source for source in sources}
        self._kept, self._lock = kept, Lock()
        self._placed: OrderedDict[bytes, PlacedVectors] = OrderedDict()

    @classmethod
    def from_pretrained(cls, folders: str | Path | Sequence[str | Path]) -> SoftTokens:
        """Open the folder of a projector, one that holds several such folders, or a list of either.

        Raises
        ------
        WeightsError
            There is no projector in a folder, or a file of one is damaged.
        ConfigurationError
            A projector and its encoder do not belong together.
        """
        listed = [folders] if isinstance(folders, str | Path) else list(folders)
        found = [place for folder in listed for place in _projector_folders(Path(folder))]
        return cls([SoftSource.from_pretrained(place) for place in found])

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of entity that a prompt may show so."""
        return tuple(dict.fromkeys(source.record.kind for source in self.sources.values()))

    def check_model(self, model_hash: str) -> None:
        """Refuse a model that the projectors were not made for.

        Raises
        ------
        ConfigurationError
            Its hash is another, or not known.
        """
        for source in self.sources.values():
            wanted = source.record.decoder_hash
            if model_hash != wanted:
                raise ConfigurationError(
                    f"the projector {source.name} was made for the decoder {wanted[:16]}, and this one is "
                    f"{model_hash[:16] or 'of unknown weights'}; open that decoder, or align a projector to this one"
                )

    def source(self, kind: str, name: str | None = None) -> SoftSource:
        """Return the projector of a kind of entity, by its name where there are several.

        Raises
        ------
        UnsupportedError
            There is none of the kind.
        ConfigurationError
            There is none of the name, it is of another kind, or there are several and none is named.
        """
        if name is not None and name not in self.sources:
            raise ConfigurationError(f"no projector named {name!r}; {choices(name, self.sources)}")
        fitting = [one for one in self.sources.values() if one.record.kind == kind and name in (None, one.name)]
        if len(fitting) == 1:
            return fitting[0]
        if len(fitting) > 1:
            names = ", ".join(one.name for one in fitting)
            raise ConfigurationError(f"a {kind} has several projectors ({names}); name one: Soft(..., projector=NAME)")
        if name is not None:
            raise ConfigurationError(f"the projector {name} takes a {self.sources[name].record.kind}, not a {kind}")
        raise UnsupportedError(
            f"no projector takes a {kind}; this model reads as vectors: {', '.join(self.kinds)}; give the entity "
            "without Soft, as tokens"
        )

    def shown(self, parts: Sequence[Item]) -> list[Item]:
        """Return a prompt in which every entity of a kind with a projector is shown as its vectors."""
        found: list[Item] = []
        for part in parts:
            entity = part[0] if isinstance(part, tuple) else part
            found.append(Soft(entity) if isinstance(entity, Entity) and entity.kind in self.kinds else part)
        return found

    def hash_of(self, parts: Sequence[Deferred]) -> str:
        """Return the hashes of the projectors that parts are shown by, each once, in order; "" where one has none."""
        try:
            found = [
                self.source(kind, part.projector).hash
                for part in parts
                if isinstance(part, Soft | GivenVectors)
                for kind in (part.kinds if isinstance(part, Soft) else (part.kind,))
            ]
        except BioMatrixError:  # such a part is refused where it is asked
            return ""
        return " ".join(dict.fromkeys(found))

    def resolve_each(self, parts: Sequence[Deferred]) -> list[Item | BioMatrixError]:
        """Return the places of the vectors of each part, or why it has none, in order."""
        return [self._resolved(part) for part in parts]

    def place(self, *entities: Entity, projector: str | None = None) -> PlacedVectors:
        """Return the places of the vectors of entities in order, as a part of a document or prompt.

        Raises
        ------
        BioMatrixError
            An entity has no vectors here, with its number where there are several.
        """
        found: list[PlacedVectors] = []
        for number, entity in enumerate(entities, start=1):
            try:
                found.append(self._of_entity(entity, projector))
            except BioMatrixError as error:
                raise (error.at(record=number) if len(entities) > 1 else error) from None
        return _joined(found)

    def _resolved(self, part: Deferred) -> Item | BioMatrixError:
        try:
            if isinstance(part, Soft):
                return self.place(*part.entities, projector=part.projector)
            if isinstance(part, GivenVectors):
                source = self.source(part.kind, part.projector)
                content = b"vectors" + repr(part.vectors.shape).encode() + part.vectors.tobytes()
                return self._placed_of(source, content, lambda: part.vectors)
        except BioMatrixError as error:
            return error
        return part.refusal()

    def _of_entity(self, entity: Entity, projector: str | None) -> PlacedVectors:
        source = self.source(entity.kind, projector)
        return self._placed_of(source, source.encoder.key(entity).encode(), lambda: source.encode(entity))

    def _placed_of(
        self, source: SoftSource, content: bytes, vectors: Callable[[], NDArray[np.float32]]
    ) -> PlacedVectors:
        key = source.key(content)
        with self._lock:
            known = self._placed.get(key)
            if known is not None:
                self._placed.move_to_end(key)
                return known
        placed = VECTORS.place(key, source.projected(vectors()))
        with self._lock:
            self._placed[key] = placed
            while len(self._placed) > self._kept:
                self._placed.popitem(last=False)
        return placed


def _joined(placed: Sequence[PlacedVectors]) -> PlacedVectors:
    if len(placed) == 1:
        return placed[0]
    ids = tuple(id_ for one in placed for id_ in one.ids)
    return PlacedVectors(ids, tuple(vector for one in placed for vector in one.vectors))


def _projector_folders(folder: Path) -> Iterator[Path]:
    if (folder / RECORD_FILE).is_file():
        yield folder
        return
    inside = sorted(path.parent for path in folder.glob(f"*/{RECORD_FILE}")) if folder.is_dir() else []
    if not inside:
        raise WeightsError(f"no projector here: neither {RECORD_FILE} nor folders with one", file=str(folder))
    yield from inside


def _check_one_decoder(sources: Sequence[SoftSource]) -> None:
    first = sources[0]
    for source in sources[1:]:
        if source.record.decoder_hash != first.record.decoder_hash:
            raise ConfigurationError(
                f"the projectors {first.name} and {source.name} were made for different decoders "
                f"({first.record.decoder_hash[:16]} and {source.record.decoder_hash[:16]})"
            )


def open_soft_tokens(given: Any) -> SoftTokens:
    """Return soft tokens: as they are, or opened from a folder or several."""
    return given if isinstance(given, SoftTokens) else SoftTokens.from_pretrained(given)
