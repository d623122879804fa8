"""Records as documents are drawn from them: what is known in words, and the tokens of one or several entities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from biomatrix.tasks.documents import PartItem
from biomatrix.vocabulary.tables import Tokens

TEXT: Final = "text"
"""The kind of records without an entity."""
INTERACTION: Final = "interaction"
"""The kind of records of several entities that act on one another, by role: ``ligand``, ``protein``."""
INTERLEAVED: Final = "interleaved"
"""The kind of texts that mention entities, which are their parts."""
WITHOUT_ENTITY: Final = (TEXT, INTERACTION, INTERLEAVED)
"""What a record may be besides an entity of a registered kind."""


@dataclass(frozen=True)
class WrittenPart:
    """One of several entities of a record.

    Parameters
    ----------
    kind : str
        The name of its kind.
    tokens : mapping of str to sequence of str
        By modality, without the control pair; one string where the modality is spelled as text.
    """

    kind: str
    tokens: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class PartPlace:
    """Where a text names one of the parts of its record.

    Parameters
    ----------
    start, end : int
        The characters of the field ``text``, the last one excluded.
    role : str
        The part.
    """

    start: int
    end: int
    role: str


class WrittenRecord(Protocol):
    """A record to draw documents from, with its tokens in every modality that it can be written in."""

    @property
    def source(self) -> str:
        """The source's name."""

    @property
    def id(self) -> str:
        """The record's name in its source."""

    @property
    def kind(self) -> str:
        """The kind of its entity, or one of `WITHOUT_ENTITY`."""

    @property
    def fields(self) -> Mapping[str, str]:
        """Names, descriptions and numbers, by field name."""

    @property
    def tokens(self) -> Mapping[str, Sequence[str]]:
        """By modality, without the control pair; one string where the modality is spelled as text."""

    @property
    def parts(self) -> Mapping[str, WrittenPart]:
        """The entities of a record of several, by role."""

    @property
    def places(self) -> Sequence[PartPlace]:
        """Where the text names its parts, in order, none inside another."""


def part_name(role: str, name: str) -> str:
    """Return what a modality, or a kind, of a part is called in templates and views.

    Examples
    --------
    >>> part_name("ligand", "molecule_smiles")
    'ligand.molecule_smiles'
    """
    return f"{role}.{name}"


def split_name(name: str) -> tuple[str, str]:
    """Return role and name of what stands in a template or a view; the role is "" where it is of no part.

    Examples
    --------
    >>> split_name("ligand.molecule_smiles"), split_name("weight")
    (('ligand', 'molecule_smiles'), ('', 'weight'))
    """
    role, dot, rest = name.partition(".")
    return (role, rest) if dot else ("", name)


def value_names(record: WrittenRecord) -> set[str]:
    """Return the names of everything a record can put into a document."""
    names = record.tokens.keys() | record.fields.keys()
    for role, part in record.parts.items():
        names |= {part_name(role, name) for name in part.tokens}
    return names


def record_values(record: WrittenRecord) -> dict[str, PartItem]:
    """Return everything a record can put into a document, by name; that of a part is called ``role.modality``."""
    values: dict[str, PartItem] = dict(record.fields)
    values |= {name: Tokens(name, tokens) for name, tokens in record.tokens.items()}
    for role, part in record.parts.items():
        values |= {part_name(role, name): Tokens(name, tokens) for name, tokens in part.tokens.items()}
    return values
