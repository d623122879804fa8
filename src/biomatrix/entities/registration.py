"""What a kind of entity is: one registration that ties everything particular to it to the rest of the package.

A kind lives in one folder and registers one subclass of :class:`Kind`. Nothing outside that folder asks which kind it
holds. Registrations import nothing heavy: what needs RDKit, Biotite or PyTorch is imported inside the methods.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from biomatrix.entities.check import Check
from biomatrix.entities.choice import choose_record
from biomatrix.entities.file_format import FileFormat as FileFormat
from biomatrix.entities.files.reading import label_of
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.samples import Sample
from biomatrix.entities.writers import AppendingWriter, CollectingWriter, RecordWriter, Refusal
from biomatrix.errors import ConfigurationError, UnsupportedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.rejects import Reject

ViewerStyle = Literal["sticks", "backbone", "spheres"]


@dataclass(frozen=True)
class Table:
    """One layout of tables, Parquet or comma-separated, whose rows are entities of a kind.

    Parameters
    ----------
    name : str
        What its rows are, in words, such as ``conformers``.
    columns : tuple of str
        The columns that identify it; a table may have more.
    reader : str
        ``module:function`` that takes the path and yields every row as an entity or a Reject.
    container : {"parquet", "csv"}
    any_column : bool
        Whether one of the columns is enough.
    structure : bool
        Whether its rows hold coordinates.
    held_out : str, optional
        ``module:function`` that yields only the rows no shipped tokenizer was fitted on, where the table itself says
        which these are.
    """

    name: str
    columns: tuple[str, ...]
    reader: str
    container: Literal["parquet", "csv"] = "parquet"
    any_column: bool = False
    structure: bool = True
    held_out: str | None = None


@dataclass(frozen=True)
class View:
    """One way of making pretraining documents of the records of a kind.

    Parameters
    ----------
    name : str
        A stable name; losses and held-out shards are kept per view.
    layout : {"single", "window", "joint", "composed"}
        In order: one modality, whole or left out; one modality, cut to a random window where it is too long; several
        modalities of one entity in random order; some of the parts, shuffled.
    modalities : tuple of str
        What is written; empty for ``composed``.
    parts : mapping of str to float
        For ``composed``: the probability that a modality or a field of the record enters.
    """

    name: str
    layout: Literal["single", "window", "joint", "composed"]
    modalities: tuple[str, ...] = ()
    parts: Mapping[str, float] | None = None


@dataclass(frozen=True)
class ShownTask:
    """A task that shows what a model does with a kind.

    Parameters
    ----------
    name : str
        The task's name. Placeholders of its prompt named like the kind or one of its modalities stand for the entity
        it asks about; a task without its entity, or whose entity lacks what a modality needs, is skipped.
    title : str
        Its heading on a page.
    values : mapping of str to str
        The text of the other placeholders.
    """

    name: str
    title: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Example:
    """A real entity that comes with the dependencies, for pages and self-examination.

    Parameters
    ----------
    entity : Entity
    title : str
        Its heading on a page.
    origin : str
        Where it comes from, in words.
    stem : str
        What its files are called.
    frame : str
        Entities that name the same frame lie in one coordinate system; "" for none.
    """

    entity: Entity
    title: str
    origin: str
    stem: str
    frame: str = ""


@dataclass(frozen=True)
class PublishedCheckpoint:
    """Weights of an architecture as its authors published them, a file of PyTorch or of tensors alone.

    Parameters
    ----------
    mark : bytes
        Part of the name of a tensor, by which a file is recognised; of several marks in one file the longest decides.
    convert : str
        ``module:function`` that takes a file, an output folder and its own keywords, and writes a tokenizer folder.
    read : str, optional
        ``module:function`` that returns the weights of a ``.safetensors`` file; where None, such a file is not opened.
    """

    mark: bytes
    convert: str
    read: str | None = None


class Kind(ABC):
    """One kind of entity, as the rest of the package sees it.

    A subclass sets the class attributes and implements the abstract methods; every other method has a default that
    serves a kind without coordinates or pictures.
    """

    name: ClassVar[str]
    """The singular, such as ``molecule``; an option of the command line and a placeholder of prompts are named so."""
    plural: ClassVar[str]
    typed_as: ClassVar[str]
    """What a person types for one, in words, such as ``a SMILES string``."""
    formats: ClassVar[tuple[FileFormat, ...]] = ()
    reading_options: ClassVar[str | None] = None
    """``module:Class`` of what its reader can be told of a file, a dataclass of
    :func:`biomatrix.entities.options.option` fields. Those that are set are keywords of :meth:`read`, of
    :meth:`read_one` and of the ``ranges`` of its formats."""
    record_words: ClassVar[tuple[str, ...]] = ()
    """What the headers of structure predictors' FASTA files call its records."""
    refused_extensions: ClassVar[Mapping[str, str]] = {}
    """Extensions that look like this kind's and are not read, each with what to do instead."""
    by_default: ClassVar[bool] = True
    """Whether a vocabulary and a corpus hold its modalities where nobody names any; False where they take many tokens
    that few need."""
    modalities: ClassVar[Mapping[str, str]] = {}
    """Its modalities in order: name to ``module:Class``, imported when first used."""
    encoders: ClassVar[Mapping[str, str]] = {}
    """Encoders of its own that need no network: name to ``module:Class``, each a subclass of
    :class:`biomatrix.entities.encoder.Encoder`."""
    architectures: ClassVar[Mapping[str, str]] = {}
    """Structure tokenizers: what a folder's config calls its architecture to ``module:Class``."""
    weights: ClassVar[Path | None] = None
    """The folder of shipped structure tokenizers, one sub-folder each."""
    default_tokenizer: ClassVar[str | None] = None
    """The name that ``default`` stands for."""
    former_tokenizers: ClassVar[Mapping[str, str]] = {}
    """Names that shipped structure tokenizers no longer have, each with what to do instead."""
    published: ClassVar[Mapping[str, PublishedCheckpoint]] = {}
    """Architectures of which published weights can be read."""
    trainers: ClassVar[Mapping[str, str]] = {}
    """Architectures that can be trained: name to ``module:function``; see :mod:`biomatrix.training.tokenizers`."""
    constraints: ClassVar[Mapping[str, str]] = {}
    """What may be asked of an answer of this kind: name to ``module:Class``, a
    :class:`biomatrix.entities.constraint.Constraint`, imported when first used."""
    relaxations: ClassVar[Mapping[str, str]] = {}
    """Ways of relaxing its structures after they were made: name to ``module:function``, which takes an entity and
    returns a :class:`biomatrix.entities.relaxed.Relaxed`; imported when first used."""
    conditionals: ClassVar[tuple[str, str] | None] = None
    """Two of its modalities of which a model can say whether the second fits the first, as a fold a sequence."""
    tables: ClassVar[tuple[Table, ...]] = ()
    """The tables it reads, told apart by their columns."""
    round_trip: ClassVar[str | None] = None
    """``module:function`` that measures entities on their way through a structure tokenizer and back; see
    :mod:`biomatrix.entities.round_trip`."""
    round_trip_options: ClassVar[str | None] = None
    """``module:Class`` of the options it takes, a dataclass of :func:`biomatrix.entities.options.option` fields."""
    parity: ClassVar[Mapping[str, str]] = {}
    """Comparisons with recordings of published code: architecture to ``module:ATTRIBUTE``, a
    :class:`biomatrix.entities.parity.Comparison`."""
    size_limit: ClassVar[str | None] = None
    """The field of :class:`~biomatrix.entities.limits.Limits` that bounds what its modalities count, such as
    ``residues_per_chain``; None where none does."""
    held_out_by_identity: ClassVar[bool] = True
    """Whether its shipped tokenizers held entities out by their identity; if not, only its tables tell which."""
    views: ClassVar[tuple[View, ...]] = ()
    filters: ClassVar[Mapping[str, str]] = {}
    """A corpus's quality filters of its entities: name to ``module:Class``, an `EntityFilter`."""
    held_out_keys: ClassVar[frozenset[str]] = frozenset()
    """Identities that are kept out of all training, such as those of the examples."""
    shown_tasks: ClassVar[tuple[ShownTask, ...]] = ()
    """The tasks that show what a model does with this kind, in display order."""
    viewer: ClassVar[tuple[str, ViewerStyle] | None] = None
    """The file format and style in which a viewer shows its structure; None where there is nothing to show in 3D."""
    colours: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """CSS colours of its modalities' tokens on a light and on a dark background; by default derived from the name."""

    @property
    @abstractmethod
    def entity(self) -> type[Entity]:
        """The class of its entities."""

    @abstractmethod
    def parse(self, text: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> Entity:
        """Return the entity that a person typed. Raises ParseError with the position at fault."""

    @abstractmethod
    def text(self, entity: Any) -> str:
        """Return one line that says what the entity is; :meth:`parse` reads it back where there is such a spelling."""

    @abstractmethod
    def to_bytes(self, entity: Any) -> bytes:
        """Return the entity as records keep it; :meth:`from_bytes` is the exact inverse, its name aside."""

    @abstractmethod
    def from_bytes(self, data: bytes, name: str = "") -> Entity:
        """Return the entity of :meth:`to_bytes`."""

    @abstractmethod
    def identity(self, entity: Any) -> str:
        """Return the key by which hold-out, deduplication and the leakage audit treat two entities as the same."""

    def identities(self, entity: Any) -> tuple[tuple[str, str], ...]:
        """Return (kind name, identity) of all that must not be trained on where held out: of a composite, its parts."""
        return ((self.name, self.identity(entity)),)

    def overlap_keys(self, entity: Any) -> Mapping[str, str]:
        """Return the keys under which an audit of leakage takes two entities for related, by name, the closest first.

        A key that says nothing about the entity, such as the scaffold of a molecule without rings, is left out.
        """
        return {"identity": self.identity(entity)}

    def aligned_letters(self, entity: Any) -> str | None:
        """Return the amino acids by which an audit of leakage finds relatives of the entity; None where it has none."""
        return None

    # Files

    def read(
        self, path: str | Path, file_format: str, *, limits: Limits = DEFAULT_LIMITS, **settings: Any
    ) -> Iterator[Entity | Reject]:
        """Yield every record of a file of one of its formats; a broken one as a Reject. Never raises for bad input.

        ``settings`` are those of its ``reading_options`` that are set; a kind that declares none is given none.
        """
        raise UnsupportedError(f"{self.plural} are not read from files", file=str(path))

    def read_one(
        self,
        path: str | Path,
        file_format: str,
        record: int | str | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        **settings: Any,
    ) -> Entity:
        """Return one record: by its number from 1 or its name; the only one when neither is given.

        ``settings`` are what the kind's own reader takes besides; most take none.
        """
        if settings:
            raise ConfigurationError(f"{self.plural} are read without {', '.join(settings)}", file=str(path))
        return choose_record(self.read(path, file_format, limits=limits), record, label_of(path))

    def write(self, entities: Sequence[Any], path: str | Path, file_format: str, **settings: Any) -> None:
        """Write entities as one file, whole or not at all; by default their :meth:`record_bytes` one after another."""
        write_whole(path, b"".join(self.record_bytes(entity, file_format) for entity in entities))

    def record_bytes(self, entity: Any, file_format: str) -> bytes:
        """Return one record as a file of a format that ``appends`` holds it, its line ends included."""
        raise UnsupportedError(f"{self.plural} are not written as records of a {file_format} file")

    def sample_bytes(self, samples: Sequence[Sample], file_format: str) -> bytes:
        """Return several answers to one request as one file, each with its data where the format has a place for it.

        By default records one after another, their title the sample's and its data.

        Raises
        ------
        UnsupportedError
            A sample cannot be written in the format, or the format holds one and there are several.
        """
        titled = (self.named(one.entity, one.line) for one in samples)
        return b"".join(self.record_bytes(entity, file_format) for entity in titled)

    def writer(self, path: str | Path, file_format: str, refuse: Refusal) -> RecordWriter:
        """Return a writer of one file, to be used in a ``with`` statement; it holds no record where a format appends.

        Parameters
        ----------
        path : str or Path
        file_format : str
            The name of one of its formats.
        refuse : callable
            Called with the number and the reason of each record that cannot be written.

        Raises
        ------
        UnsupportedError
            The format is not one that is written.
        """
        description = next((one for one in self.formats if one.name == file_format and one.writes), None)
        if description is None:
            raise UnsupportedError(f"{self.plural} are not written as {file_format}", file=str(path))
        if description.appends:
            return AppendingWriter(
                path, lambda entity: self.record_bytes(entity, file_format), refuse, description.many
            )
        return CollectingWriter(path, lambda entities: self.write(entities, path, file_format), refuse)

    def claims(self, file_format: str, record: str) -> bool:
        """Return whether a record of a text format that several kinds share (FASTA: the letters) is one of its own."""
        return any(description.name == file_format for description in self.formats)

    def doubt(self, file_format: str, record: str) -> str:
        """Return what else a record of such a format may be, in words; "" where there is no doubt."""
        return ""

    def recognises(self, head: bytes) -> str | None:
        """Return the name of the format that the first bytes of a file show, None where they show none of its own."""
        return None

    def recognises_folder(self, path: Path) -> str | None:
        """Return the name of the format that a folder is a file of, by what lies in it; None where it is none."""
        return None

    # What tokens do not carry

    def named(self, entity: Any, name: str) -> Entity:
        """Return the entity under another name."""
        return self.from_bytes(self.to_bytes(entity), name)

    def noted(self, entity: Any, notes: Sequence[str]) -> Entity:
        """Return the entity with notes of its reader added before its own."""
        changed: Entity = copy(entity)
        object.__setattr__(changed, "notes", (*notes, *entity.notes))
        return changed

    def labels(self, entity: Any) -> dict[str, Any]:
        """Return, as JSON, what structure tokens do not carry and a file needs, such as residue names and numbers."""
        return {}

    def with_labels(self, entity: Any, labels: Mapping[str, Any], name: str = "") -> Entity:
        """Return the entity under the labels of another. Raises ParseError where they are malformed or do not fit."""
        labelled: Entity = entity
        return labelled

    # Judging and showing

    def check(self, entity: Any) -> list[Check]:
        """Return the checks of the entity, those of its structure included where it has one."""
        return []

    def further_checks(self, entity: Any) -> list[Check]:
        """Return the checks that cost more than some milliseconds, beside those of :meth:`check`."""
        return []

    def agree(self, reference: Any, entity: Any) -> list[Check]:
        """Return whether an entity is what a reference says it is, where both say something.

        The reference is the entity asked for, or the same one in another modality; what it leaves open, such as a
        stereocentre without a mark, may take any value.
        """
        return [Check(f"same {self.name}", self.identity(reference) == self.identity(entity))]

    def decoys(self, entity: Any, count: int, seed: int = 0) -> list[Entity]:
        """Return entities like this one that its structure should not fit, such as shuffled sequences."""
        raise UnsupportedError(f"there are no decoys of a {self.name}")

    def find_written(self, text: str) -> Iterator[str]:
        """Yield the words of a text that look like entities as a person types them, for :meth:`parse` to read."""
        return iter(())

    def compare(self, original: Any, decoded: Any) -> list[Check]:
        """Return what two entities share, as named values with units."""
        return [Check(f"same {self.name}", self.identity(original) == self.identity(decoded))]

    def meaning(self, entity: Any) -> str | None:
        """Return a key that two answers share where they mean the same: by default the identity.

        None where that is a matter of degree, so that :meth:`resemblance` compares each pair.
        """
        return self.identity(entity)

    def resemblance(self, first: Any, second: Any) -> Check:
        """Return how alike two answers to one request are: ``value`` from 0 to 1, ``passed`` where they mean the same.

        Symmetric. By default they are the same where :meth:`meaning` is.
        """
        same = self.meaning(first) == self.meaning(second)
        return Check(f"same {self.name}", same, float(same))

    def fingerprint(self, entity: Any, modality: str) -> NDArray[np.bool_]:
        """Return features, ``bool [b]``, of what a modality shows: like entities share many. UnsupportedError: none."""
        raise UnsupportedError(f"a {self.name} has no fingerprint")

    def properties(self, entity: Any) -> Mapping[str, str]:
        """Return the properties that can be computed exactly, by the record field that holds each."""
        return {}

    def points(self, entity: Any) -> NDArray[np.float32] | None:
        """Return the positions of its atoms, ``float32 [n, 3]`` in Angstrom, NaN where unresolved; None without."""
        return None

    def with_points(self, entity: Any, points: NDArray[np.floating]) -> Entity:
        """Return the entity with other positions, ``[n, 3]`` in the order of :meth:`points`."""
        raise UnsupportedError(f"a {self.name} has no positions")

    def superpose(self, moving: Any, target: Any) -> Entity:
        """Return ``moving`` laid over ``target`` atom by atom, or as it is where the two cannot be paired."""
        from biomatrix.metrics.superposition import superimpose

        before, after = self.points(moving), self.points(target)
        if before is None or after is None or before.shape != after.shape:
            unmoved: Entity = moving
            return unmoved
        return self.with_points(moving, superimpose(before, after))

    def completed(self, entity: Any, seed: int = 0) -> tuple[Entity, str]:
        """Return the entity with what structure tokens need, computed if it can be, and how, in words (perhaps "")."""
        return entity, ""

    def shortened(self, entity: Any, length: int) -> Entity:
        """Return the entity, or its first ``length`` residues where it is a chain of more; the cut is noted."""
        whole: Entity = entity
        return whole

    def size(self, entity: Any) -> int | None:
        """Return the number of residues of a chain, which an answer about it should have; None for other kinds."""
        return None

    def picture(self, entity: Any, weights: Sequence[float] | None = None, label: str = "") -> str | None:
        """Return an ``<svg>`` element that shows the entity in two dimensions, None where there is none.

        Parameters
        ----------
        entity : Entity
        weights : sequence of float, optional
            A number for each residue or atom, such as an attribution, that colours it: red above 0, blue below, NaN
            not at all. A kind whose picture has no residues or atoms ignores it.
        label : str
            What the weights are, with their unit, for the legend.
        """
        return None

    def examples(self) -> list[Example]:
        """Return real entities that come with the dependencies, for pages."""
        return []

    def samples(self) -> list[Example]:
        """Return the entities that self-examination goes through: the examples, perhaps more."""
        return self.examples()
