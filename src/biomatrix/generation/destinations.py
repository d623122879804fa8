"""Where answers go: one file, whose extension names its format, or a folder; checked before a model is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from biomatrix.entities.files.folders import check_folder, make_folder
from biomatrix.entities.files.paths import exists, is_folder
from biomatrix.entities.files.writing import check_writable
from biomatrix.entities.formats import extension_of, known_formats
from biomatrix.entities.kind_registry import kind, kinds
from biomatrix.entities.modality_registry import modality_class, modality_names
from biomatrix.entities.registration import Kind
from biomatrix.errors import ConfigurationError

TEXT_EXTENSION: Final = ".txt"
"""The extension of answers in text."""


@dataclass(frozen=True)
class AnswerFile:
    """One file.

    Parameters
    ----------
    path : Path
    file_format : str or None
        Its format; None for text.
    many : bool
        Whether one file holds all answers; else each gets a file with its number before the extension.
    """

    path: Path
    file_format: str | None
    many: bool = True


@dataclass(frozen=True)
class AnswerFolder:
    """A folder that receives one file for each answer; made when it is first needed."""

    path: Path

    def make(self) -> None:
        """Make the folder where it is missing; ConfigurationError where that cannot be."""
        make_folder(self.path)

    def file(self, number: int, count: int, extension: str) -> Path:
        """Return the file of an answer, its number filled up so that names sort as the answers do."""
        return self.path / f"answer_{number:0{len(str(count))}d}{extension}"


def destination_of(path: Path, output: str | None, *, folder: bool = False) -> AnswerFile | AnswerFolder:
    """Return where the answers to a request go.

    Parameters
    ----------
    path : Path
        A folder where one stands or it has no extension; else a file.
    output : str, optional
        The modality of the answers; None for text, which may hold entities of any kind.
    folder : bool
        Whether the path was given as that of a folder, with a slash at its end.

    Raises
    ------
    ConfigurationError
        The format is not one in which such answers are written.
    """
    extension = extension_of(path)
    if folder or is_folder(path) or (not extension and not exists(path)):
        return AnswerFolder(path)
    if output is None and extension == TEXT_EXTENSION:
        return AnswerFile(path, None)
    candidates = kinds() if output is None else (kind(modality_class(output).kind),)
    for name, described in known_formats(candidates).items():
        writes = [one for one in described if one.writes and extension in one.extensions]
        if writes:
            return AnswerFile(path, name, writes[0].many)
    raise ConfigurationError(_refusal(extension, candidates, output), file=str(path))


def check_destination(path: Path, output: str | None, *, folder: bool = False) -> None:
    """Refuse a file or folder that cannot hold the answers, before the model is asked; takes :func:`destination_of`'s.

    Raises
    ------
    ConfigurationError
        The format does not hold such answers, nothing can be written there, or the name is that of a modality.
    """
    if str(path) in modality_names():
        raise ConfigurationError(f"{str(path)!r} is a modality, not a file; name it as --answer {path}")
    if str(path) == "-":
        raise ConfigurationError("answers are printed on standard output anyway; give a file or a folder to write")
    place = destination_of(path, output, folder=folder)
    if isinstance(place, AnswerFolder):
        check_folder(path)
        return
    if not is_folder(path.parent):
        raise ConfigurationError(f"there is no folder {path.parent} to write it in", file=str(path))
    check_writable(path)


def numbered(path: Path, number: int) -> Path:
    """Return the path with a number before the extension that names the format, which is not that of a gzipped file."""
    extension = "".join(path.suffixes[-2:]) if path.suffix.lower() == ".gz" else path.suffix
    return path.with_name(f"{path.name.removesuffix(extension)}_{number}{extension}")


def _refusal(extension: str, candidates: tuple[Kind, ...], output: str | None) -> str:
    """Return why no answer is written to a file of this extension, and which formats are."""
    written = [name for name, known in known_formats(candidates).items() if any(one.writes for one in known)]
    plurals = " and ".join(one.plural for one in candidates)
    advice = f"choose one of {', '.join(written)}" + (f", {TEXT_EXTENSION[1:]}" if output is None else "")
    read = next(
        (name for name, known in known_formats().items() if any(extension in one.extensions for one in known)), ""
    )
    if read and any(one.name == read for owner in candidates for one in owner.formats):
        return f"{read} files are only read; {advice}"
    if read:
        owners = " or ".join(one.name for one in kinds() if any(known.name == read for known in one.formats))
        return f"{plurals} are not written as {read}: a {read} file holds records of kind {owners}; {advice}"
    return f"{plurals} are not written as {extension or 'a file without an extension'}; {advice}"
