"""What every structure tokenizer is: entities in space to codes, and codes back to structures.

A kind lists its architectures by name (:attr:`biomatrix.entities.registration.Kind.architectures`); a folder's config
names one, and :meth:`StructureTokenizer.from_pretrained` opens it. A new architecture is one class that prepares one
entity or the codes of one entity, and works on batches of what it prepared.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Self, TypeVar

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind as registered
from biomatrix.entities.kind_registry import load_attribute
from biomatrix.entities.published import is_tensor_file, read_published
from biomatrix.entities.tokenizer_folder import (
    DEFAULT_NAME,
    StoredWeights,
    find_folder,
    load_weights,
    read_config,
    save_weights,
    shipped_names,
)
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, UnsupportedError, WeightsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EntityT = TypeVar("EntityT", bound=Entity)
CodesT = TypeVar("CodesT")
"""What one entity is encoded as."""
ReadableT = TypeVar("ReadableT")
"""What is accepted as the codes of one entity; ``CodesT`` is part of it."""
DecodedT = TypeVar("DecodedT")
Answer = TypeVar("Answer")

FARTHEST: Final = 1e5
"""How far from origin and centroid points may lie along an axis, in Angstrom: beyond, single precision loses bonds."""


class StructureTokenizer(ABC, Generic[EntityT, CodesT, ReadableT, DecodedT]):
    """Turns entities with coordinates into codes, and codes into structures.

    What cannot be encoded or decoded is refused on its own: it never reaches the batch, so its neighbours get the very
    codes and coordinates that they get without it.

    Parameters
    ----------
    name : str
        The shipped name, or the folder's own name.
    fingerprint : str
        Two tokenizers that share it give the same codes.
    config : mapping, optional
        The description of the weights, as ``config.json`` holds it.
    """

    kind: ClassVar[str]
    """The kind of entity it is for."""
    also: ClassVar[tuple[str, ...]] = ()
    """Further kinds whose entities it encodes."""
    architecture: ClassVar[str]
    """What a folder's config calls it."""
    batch_size: ClassVar[int | None] = None
    """How many entities form a batch; None for all."""

    def __init__(self, name: str, fingerprint: str, config: Mapping[str, Any] | None = None) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.config: dict[str, Any] = dict(config or {})
        self.options: dict[str, Any] = {}
        """The options that :meth:`from_weights` received beside the weights."""

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path = "default",
        *,
        hub: bool = False,
        revision: str | None = None,
        **options: Any,
    ) -> Self:
        """Open a tokenizer; its class follows from the ``architecture`` of its config.

        Parameters
        ----------
        name_or_path : str or Path
            A shipped name, ``default`` for the default of its kind (of one architecture: for its first shipped
            folder, where the default is of another), a folder, the published checkpoint of an
            architecture as a ``.safetensors`` file, or with ``hub`` a repository of the Hugging Face hub.
        hub : bool
            Download from the hub; never done unless asked for.
        revision : str, optional
            The branch, tag or commit on the hub.
        **options
            What the ``from_weights`` of the architecture takes, such as ``closed_loop=True``; None counts as not given.

        Raises
        ------
        WeightsError
            No such folder, damaged files, or an architecture this package does not know.
        ConfigurationError
            An option that the architecture does not take.
        """
        if not hub and is_tensor_file(name_or_path):
            stored = read_published(cls.kind, Path(name_or_path))
        else:
            name = name_or_path if hub else cls._default_of(name_or_path)
            stored = load_weights(cls.kind, name, hub=hub, revision=revision)
        tokenizer_class = cls._class_of(stored)
        chosen = {**stored.options, **{name: value for name, value in options.items() if value is not None}}
        _refuse_unknown(tokenizer_class, chosen, stored)
        tokenizer = tokenizer_class.from_weights(stored, **chosen)
        tokenizer.options = chosen
        _refuse_other_count(tokenizer, stored)
        return tokenizer

    def save_pretrained(self, folder: str | Path) -> str:
        """Write ``config.json`` and ``model.safetensors``, each whole or not at all; return the fingerprint.

        :meth:`from_pretrained` opens the folder with the same fingerprint and codes.
        """
        config = {**self.config, "architecture": self.architecture, "num_codes": self.num_codes}
        config.pop("options", None)
        saved = save_weights(folder, config | ({"options": self.options} if self.options else {}), self.tensors())
        return self.fingerprint if self.options else saved

    @classmethod
    @abstractmethod
    def from_weights(cls, stored: StoredWeights, *args: Any, **options: Any) -> Self:
        """Build the tokenizer from a folder that was read and checked; each option is a keyword with a default."""

    @abstractmethod
    def tensors(self) -> Mapping[str, NDArray[Any]]:
        """Return what a folder stores, by name: :meth:`from_weights` builds the same tokenizer from it."""

    @property
    @abstractmethod
    def num_codes(self) -> int:
        """Codes are 0 to ``num_codes - 1``."""

    @property
    @abstractmethod
    def code_features(self) -> NDArray[np.float64]:
        """What each code means as numbers, ``float64 [num_codes, F]``: near codes have near features."""

    @abstractmethod
    def prepare(self, entity: EntityT) -> Any:
        """Return one entity as :meth:`encode_batch` takes it. Raises BioMatrixError where it cannot be encoded."""

    @abstractmethod
    def encode_batch(self, prepared: Sequence[Any]) -> Sequence[CodesT | BioMatrixError]:
        """Return the codes of each prepared entity; never called with an empty batch."""

    @abstractmethod
    def prepare_codes(self, codes: ReadableT) -> Any:
        """Return one entity's codes as :meth:`decode_batch` takes them. Raises BioMatrixError where they are bad."""

    @abstractmethod
    def decode_batch(self, prepared: Sequence[Any]) -> Sequence[DecodedT | BioMatrixError]:
        """Return the structure of each array of prepared codes; never called with an empty batch."""

    def encode_each(self, entities: Sequence[EntityT]) -> list[CodesT | BioMatrixError]:
        """Encode many entities: for each, in order, its codes or the error that refused it, which names its record."""
        return _in_batches(entities, self._prepare_checked, self.encode_batch, self.batch_size)

    def decode_each(self, codes: Sequence[ReadableT]) -> list[DecodedT | BioMatrixError]:
        """Decode the codes of many entities: for each, in order, its structure or the error that refused it."""
        return _in_batches(codes, self.prepare_codes, self.decode_batch, self.batch_size)

    def encode(self, entities: Sequence[EntityT]) -> list[CodesT]:
        """Encode many entities. Raises the error of the first that cannot be encoded, with its record."""
        return _all_or_first_error(self.encode_each(entities))

    def decode(self, codes: Sequence[ReadableT]) -> list[DecodedT]:
        """Decode the codes of many entities. Raises the error of the first that cannot be decoded, with its record."""
        return _all_or_first_error(self.decode_each(codes))

    def _prepare_checked(self, entity: EntityT) -> Any:
        if not isinstance(entity, Entity) or entity.kind not in (self.kind, *self.also):
            type_name = type(entity).__name__
            raise UnsupportedError(f"a tokenizer of {registered(self.kind).plural} cannot encode a {type_name}")
        entity = entity.checked()
        refuse_far_points(entity)
        return self.prepare(entity)

    @classmethod
    def _default_of(cls, name: str | Path) -> str | Path:
        """Return the name, or for ``default`` that of a shipped tokenizer that this class opens.

        Raises
        ------
        WeightsError
            No tokenizer of the architecture is shipped.
        """
        mine = getattr(cls, "architecture", None)  # the base classes of a kind open every architecture
        if name != DEFAULT_NAME or mine is None:
            return name
        kind_default = registered(cls.kind).default_tokenizer
        shipped = shipped_names(cls.kind)
        for one in (kind_default, *shipped):
            if one in shipped and read_config(find_folder(cls.kind, one))["architecture"] == mine:
                return one
        raise WeightsError(f"no {cls.kind} structure tokenizer of architecture {mine!r} is shipped; name its folder")

    @classmethod
    def _class_of(cls, stored: StoredWeights) -> type[Self]:
        architectures, file = registered(cls.kind).architectures, str(stored.folder)
        if stored.architecture not in architectures:
            raise WeightsError(
                f"unknown architecture {stored.architecture!r}: this version reads {', '.join(architectures)}",
                file=file,
            )
        tokenizer_class = load_attribute(architectures[stored.architecture])
        if not issubclass(tokenizer_class, cls):
            raise WeightsError(
                f"these weights are of architecture {stored.architecture!r}, opened as {cls.__name__}: "
                f"use {tokenizer_class.__name__}",
                file=file,
            )
        opened: type[Self] = tokenizer_class
        return opened


def refuse_far_points(entity: Entity) -> None:
    """Refuse an entity of which a point lies where no structure reaches.

    It is farther than `FARTHEST` from the origin or from the centroid of the points, along an axis.

    Raises
    ------
    LimitError
        With the residue, else the point, as ``position``, counted from 1.
    """
    import numpy as np

    kind = registered(entity.kind)
    points = kind.points(entity)
    if points is None:
        return
    finite = np.flatnonzero(np.isfinite(points).all(axis=1))
    if not finite.size:
        return
    resolved = points[finite].astype(np.float64)
    # Far from the origin single precision has no digits left for bonds; far from the centre, frames have none.
    distances = np.maximum(np.abs(resolved - resolved.mean(axis=0)), np.abs(resolved)).max(axis=1)
    farthest = int(distances.argmax())
    if distances[farthest] > FARTHEST:
        points_each = len(points) // (kind.size(entity) or len(points))
        raise LimitError(
            f"a position lies {distances[farthest]:.3g} Angstrom from the origin or the centre along one axis, "
            f"beyond the limit of {FARTHEST:,.0f}; check the unit and the columns of the coordinates",
            limit="coordinates",
            actual=float(distances[farthest]),
            allowed=FARTHEST,
            position=int(finite[farthest]) // points_each + 1,
        )


def _refuse_unknown(tokenizer_class: type[Any], chosen: Mapping[str, Any], stored: StoredWeights) -> None:
    """Raise ConfigurationError for an option that the architecture's ``from_weights`` does not take."""
    accepted = [
        one.name
        for one in signature(tokenizer_class.from_weights).parameters.values()
        if one.kind is Parameter.KEYWORD_ONLY
    ]
    for name in chosen.keys() - set(accepted):
        raise ConfigurationError(
            f"the architecture {stored.architecture!r} takes no option {name!r}; "
            f"it takes {', '.join(accepted) if accepted else 'none'}",
            file=str(stored.folder),
        )


def _refuse_other_count(tokenizer: StructureTokenizer[Any, Any, Any, Any], stored: StoredWeights) -> None:
    """Refuse a folder whose config says another number of codes than its weights have."""
    stated = stored.config.get("num_codes", tokenizer.num_codes)
    if stated != tokenizer.num_codes:
        raise WeightsError(
            f"the config says num_codes {str(stated)[:40]}, the weights have {tokenizer.num_codes}: mixed-up files",
            file=str(stored.folder),
        )


def _in_batches(
    items: Sequence[Any],
    prepare: Callable[[Any], Any],
    run: Callable[[Sequence[Any]], Sequence[Any]],
    batch_size: int | None,
) -> list[Any]:
    """Return an answer or an error for each item; batches hold only what could be prepared."""
    if isinstance(items, Entity):
        raise ConfigurationError(f"a list of entities is asked for, also of one: [{type(items).__name__.lower()}]")
    answers: list[Any] = [None] * len(items)
    waiting: list[tuple[int, Any]] = []

    def finish() -> None:
        for (index, _), answer in zip(waiting, _answers(run, [one for _, one in waiting]), strict=True):
            answers[index] = _located(answer, items[index], index) if isinstance(answer, BioMatrixError) else answer
        waiting.clear()

    for index, item in enumerate(items):
        try:
            waiting.append((index, prepare(item)))
        except BioMatrixError as error:
            answers[index] = _located(error, item, index)
        if len(waiting) == batch_size:
            finish()
    finish()
    return answers


def _answers(run: Callable[[Sequence[Any]], Sequence[Any]], prepared: Sequence[Any]) -> Iterator[Any]:
    """Yield the answers of a batch; where it fails as a whole, run each item alone, so that only bad ones are lost."""
    if not prepared:
        return
    try:
        answers: Sequence[Any] = run(prepared)
    except BioMatrixError as error:
        if len(prepared) == 1:
            yield error
            return
        for one in prepared:
            yield from _answers(run, [one])
        return
    yield from answers


def _located(error: BioMatrixError, item: Any, index: int) -> BioMatrixError:
    return error.at(record=(item.name if isinstance(item, Entity) else "") or index + 1)


def _all_or_first_error(answers: Sequence[Answer | BioMatrixError]) -> list[Answer]:
    whole: list[Answer] = []
    for answer in answers:
        if isinstance(answer, BioMatrixError):
            raise answer
        whole.append(answer)
    return whole


__all__ = ["StructureTokenizer", "refuse_far_points"]
