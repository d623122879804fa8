"""What is known about a published data set before any of it is here: terms, addresses, form, size."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.near_matches import choices
from biomatrix.entities.settings import Section, checked
from biomatrix.errors import ConfigurationError

Category = Literal["text", "molecule", "protein", "cross_entity"]
"""The rows of the published token table."""
Part = Literal["general", "scientific", "1d", "3d", "interleaved", "other"]
"""What a row of the published token table is divided into."""

_CARDS: Final = files(__package__) / "cards"


class Download(Section):
    """Files that are fetched together.

    Parameters
    ----------
    url : str
        The address, ``https``, of one file; or, with ``listing``, of a folder that ends in a slash.
    path : str
        Where the file goes, relative to the data folder; with ``listing``, the folder.
    listing : str, optional
        A pattern of file names: every file is fetched that the page at ``url`` links to and that fits it.
    sha256, md5 : str, optional
        The publisher's checksum of the one file, in hexadecimal.
    checksums : str, optional
        A pattern that gives the address of the publisher's checksum of a file: ``{url}.md5``.
    size : int
        Bytes, as published; 0 where not known.
    optional : bool
        Whether the source can be read without it.
    """

    url: str = Field(pattern=r"^https://\S+$")
    path: str
    listing: str | None = None
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    md5: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")
    checksums: str | None = None
    size: int = Field(default=0, ge=0)
    optional: bool = False


class SourceCard(Section):
    """One published data set.

    Parameters
    ----------
    name : str
        The name of the source in recipes.
    title : str
        What it is, in a line.
    reader : str
        The class that reads it, ``module:Class``, a subclass of `PublishedSource`.
    category, part : str
        Its row in the published token table.
    licence : list of str
        Every licence that applies, SPDX names where there is one.
    terms : str
        What the publisher says about use that a name of a licence does not, and where.
    origin : str
        The publisher, and what to cite.
    homepage : str
        Where people read about it.
    format : str
        The form of its files, and the address of the page that describes it.
    files : list of str
        Patterns of the files that are read, relative to the data folder.
    side_files : list of str
        Patterns of files that are looked up while those are read; the source can be read without them.
    fields : dict of str to str
        The fields of its records, each with the column, tag or item of the file that it comes from.
    records : int
        The number of records, as published; 0 where not known.
    stated : str
        The release or date that sizes and numbers are of.
    downloads : list of Download
        What ``corpus get`` fetches.
    by_hand : str
        How to come by the files where they cannot be fetched: a form to fill in, an account, a tool.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    reader: str = Field(pattern=r"^[\w.]+:\w+$")
    category: Category
    part: Part
    licence: list[str] = Field(min_length=1)
    terms: str = ""
    origin: str
    homepage: str
    format: str
    files: list[str] = Field(min_length=1)
    side_files: list[str] = Field(default_factory=list)
    fields: dict[str, str] = Field(default_factory=dict)
    records: int = Field(default=0, ge=0)
    stated: str = ""
    downloads: list[Download] = Field(default_factory=list)
    by_hand: str = ""

    @property
    def size(self) -> int:
        """The bytes of all that is fetched, as published."""
        return sum(download.size for download in self.downloads)


def card_names() -> list[str]:
    """Return the names of all published sources, sorted."""
    return sorted(path.name.removesuffix(".toml") for path in _CARDS.iterdir() if path.name.endswith(".toml"))


@cache
def card(name: str) -> SourceCard:
    """Return the card of a published source; ConfigurationError where there is none of that name."""
    names = card_names()
    if name not in names:
        raise ConfigurationError(f"no published source {name!r}; {choices(name, names)}")
    path = Path(str(_CARDS / f"{name}.toml"))
    return checked({"name": name, **read_toml(path)}, SourceCard, path)


def cards() -> Iterator[SourceCard]:
    """Yield the cards of all published sources, by name."""
    return map(card, card_names())
