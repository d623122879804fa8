"""Which format a file is in, and which kinds read that format: by its name, else by how it begins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from biomatrix.entities.files.paths import LONGEST_PATH, exists, is_file, is_folder
from biomatrix.entities.files.reading import STANDARD_INPUT
from biomatrix.entities.files.text import head_of
from biomatrix.entities.files.unpacking import without_packing
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.registration import FileFormat, Kind
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError

_HEADERS_NAME_KINDS: Final = "fasta"


def format_of(path: str | Path, file_format: str | None = None, among: Sequence[Kind] | None = None) -> str:
    """Return the name of a file's format: that of ``file_format``, else by the extension, else by the content.

    Parameters
    ----------
    path : str or Path
        ``-`` is standard input, which needs ``file_format``.
    file_format : str, optional
        A format's name or extension.
    among : sequence of Kind, optional
        The kinds whose formats count; every kind when not given.

    Raises
    ------
    ConfigurationError
        Standard input without a format, or an unknown format.
    UnsupportedError
        Neither extension nor content of the file is of one of the formats.
    """
    formats = known_formats(among)
    listed = ", ".join(formats)
    if file_format is not None:
        word = without_packing(file_format.lower()).lstrip(".")
        chosen = word if word in formats else _by_extension("." + word, formats)
        if chosen is None:
            raise ConfigurationError(f"format {file_format!r} is none of {listed}")
        return chosen
    if str(path) == STANDARD_INPUT:
        raise ConfigurationError(f"standard input has no extension: give the format, one of {listed}")
    extension = extension_of(path)
    name = _by_extension(extension, formats)
    for one in kinds() if among is None else among:
        if name is None and extension in one.refused_extensions:  # another kind may well read what this one does not
            raise UnsupportedError(one.refused_extensions[extension], file=str(path))
    name = name or _by_content(path, among)
    if name is None:
        raise UnsupportedError(_no_format(extension, listed, among), file=str(path))
    return name


def read_format_of(path: str | Path, file_format: str | None = None, among: Sequence[Kind] | None = None) -> str:
    """Return the name of the format of a file to be read: see :func:`format_of`.

    Raises
    ------
    ParseError
        Nothing tells the format because there is no file: nothing has the name, or a folder.
    UnsupportedError
        Also where the file begins as one of another format than its name says.
    """
    if not isinstance(path, str | Path):
        raise ConfigurationError(f"a file is named by a text or a Path, not {type(path).__name__}")
    _refuse_absent(path, file_format)
    name = format_of(path, file_format, among)
    if file_format is None:
        shown = _by_content(path, None)
        if shown not in (None, name, *(one.begins_as for one in known_formats()[name])):
            raise UnsupportedError(
                f"the name says {name}, and the file begins as {shown} does: rename it, or give the format {shown}",
                file=str(path),
            )
    return name


def _refuse_absent(path: str | Path, file_format: str | None) -> None:
    """Raise ParseError where a name without a known extension is that of no file: its extension is not at fault."""
    if not str(path):
        raise ParseError("no file is named: the name is empty")
    if file_format is not None or str(path) == STANDARD_INPUT or is_file(path):
        return
    if _by_extension(extension_of(path), known_formats()) is not None:
        return  # the reader says it, with the words of its format
    if is_folder(path):
        if _by_content(path, None) is not None:
            return
        raise ParseError("is a folder, not a file; name a file in it", file=str(path))
    if not exists(path):
        raise ParseError("cannot be read: No such file or directory", file=str(path))


def known_formats(among: Sequence[Kind] | None = None) -> dict[str, tuple[FileFormat, ...]]:
    """Return every format by name, as the kinds that have it describe it."""
    formats: dict[str, tuple[FileFormat, ...]] = {}
    for one in kinds() if among is None else among:
        for description in one.formats:
            formats[description.name] = (*formats.get(description.name, ()), description)
    return formats


def kinds_of_format(file_format: str, among: Sequence[Kind] | None = None) -> tuple[Kind, ...]:
    """Return the kinds that read a format, in the order of the registry."""
    return tuple(
        one
        for one in (kinds() if among is None else among)
        if any(description.name == file_format for description in one.formats)
    )


def kinds_held(file_format: str) -> tuple[Kind, ...]:
    """Return the kinds of which records may come out of files of a format.

    They are those that read it and, of a format of sequences, those that its headers can name.
    """
    named = tuple(one for one in kinds() if one.record_words) if file_format == _HEADERS_NAME_KINDS else ()
    return tuple(dict.fromkeys((*kinds_of_format(file_format), *named)))


def names_file(given: str, of: Kind) -> bool:
    """Return whether a user's word names a file: one exists, or the word has an extension of that kind.

    So a mistyped file name is reported as a missing file, not as a broken SMILES string or sequence.

    Examples
    --------
    >>> from biomatrix.entities.kind_registry import kind
    >>> names_file("ligand.sdf", kind("molecule")), names_file("CC(=O)O.Cl", kind("molecule"))
    (True, False)
    """
    if is_file(given):
        return True
    return (
        len(given) <= LONGEST_PATH
        and "\0" not in given
        and _by_extension(extension_of(given), known_formats([of])) is not None
    )


def extension_of(path: str | Path) -> str:
    """Return the extension that shows the format, in lower case and without that of a compression; "" for none."""
    return Path(without_packing(Path(path).name.lower())).suffix


def _no_format(extension: str, listed: str, among: Sequence[Kind] | None) -> str:
    """Return why a file's name shows none of the formats that count, and what to do."""
    held = _by_extension(extension, known_formats())
    if held is not None and among is not None:
        there = " and ".join(one.plural for one in kinds_of_format(held))
        wanted = " or ".join(one.plural for one in among)
        return f"a {held} file holds {there}, no {wanted}; {wanted} are in files of {listed}"
    shown = f"the extension {extension!r} shows no known format" if extension else "a name without an extension"
    return f"{shown}; give the format with --format (file_format= in Python), one of {listed}"


def _by_extension(extension: str, formats: dict[str, tuple[FileFormat, ...]]) -> str | None:
    for name, descriptions in formats.items():
        if any(extension in one.extensions for one in descriptions):
            return name
    return None


def _by_content(path: str | Path, among: Sequence[Kind] | None) -> str | None:
    """Return the format that a file without a telling name begins like, or that a folder is of by what lies in it."""
    among = kinds() if among is None else among
    if is_folder(path):
        found = (one.recognises_folder(Path(path)) for one in among)
        return next((name for name in found if name is not None), None)
    if not is_file(path):
        return None
    try:
        head = head_of(path)
    except BioMatrixError:
        return None  # the reader reports what is wrong
    for one in among:
        name = one.recognises(head)
        if name is not None:
            return name
    return None
