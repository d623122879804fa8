"""From a card to files in a data folder: downloaded or taken from a local copy, checked, whole or not at all."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from biomatrix.corpus.sources.published.card_files import CardFile, card_files
from biomatrix.corpus.sources.published.source_card import SourceCard
from biomatrix.downloads.http_download import remote_size
from biomatrix.downloads.placing import ANOTHER, copy, fetch, is_right, part_of, place, removed_on_failure
from biomatrix.downloads.wanted_file import path_in
from biomatrix.entities.files.in_use import held_alone
from biomatrix.entities.files.writing import named_refusals
from biomatrix.errors import BioMatrixError, ConfigurationError

log = logging.getLogger(__name__)

MOST_BYTES: Final = 8 << 40
"""The largest file of a corpus that is taken; the largest published archive of structures has a few TB."""


@dataclass(frozen=True)
class Fetched:
    """What became of one file: ``there``, ``downloaded``, ``copied``, or ``wanted`` where nothing was done."""

    file: CardFile
    state: str
    size: int


def planned(card: SourceCard, data: Path, limit: int | None = None) -> list[Fetched]:
    """Return the files of a card that are there, and those that would be fetched with the size their server states."""
    plans = []
    for file in card_files(card, limit):
        path = path_in(data, file)
        there = path.is_file()
        size = path.stat().st_size if there else (file.size or remote_size(file.url) or 0)
        plans.append(Fetched(file, "there" if there else "wanted", size))
    return plans


def fetch_card(card: SourceCard, data: Path, origin: Path | None = None, limit: int | None = None) -> list[Fetched]:
    """Put the files of a card into a data folder; those that are there and right stay.

    Parameters
    ----------
    card : SourceCard
    data : Path
        The data folder.
    origin : Path, optional
        A folder with a local copy of them, as in the data folder or all beside one another. Nothing is downloaded then.
    limit : int, optional
        The most files of each listed folder.

    Raises
    ------
    ConfigurationError
        The card has nothing to fetch, a server cannot be reached, the disk has no room, a checksum is wrong. No file of
        that name is left then.
    """
    if origin is not None:
        return _taken(card, data, origin)
    if not card.downloads:
        raise ConfigurationError(f"{card.name} cannot be fetched. {card.by_hand or f'See {card.homepage}'}")
    plans = planned(card, data, limit)
    _check_room(plans, data)
    with held_alone(data / card.name, ANOTHER):
        return [_put(plan, data) for plan in plans]


def _check_room(plans: Sequence[Fetched], data: Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    parts = sum(_size(part_of(path_in(data, plan.file))) for plan in plans if plan.state == "wanted")
    needed = sum(plan.size for plan in plans if plan.state == "wanted") - parts
    free = shutil.disk_usage(data).free
    if needed > free:
        raise ConfigurationError(
            f"{needed:,} bytes are to come, and the disk has room for {free:,}; --limit takes fewer files",
            file=str(data),
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _put(plan: Fetched, data: Path) -> Fetched:
    path = path_in(data, plan.file)
    if is_right(path, data, plan.file):
        return Fetched(plan.file, "there", path.stat().st_size)
    part = part_of(path)
    try:
        with named_refusals(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = plan.file.with_checksum()
            fetch(file, part, MOST_BYTES)
            with removed_on_failure(part):
                place(part, path, data, file)
    except BioMatrixError as error:
        if not plan.file.optional:
            raise
        log.warning("%s is left out: %s", plan.file.path, error)
        return Fetched(plan.file, "left out", 0)
    return Fetched(file, "downloaded", path.stat().st_size)


def _taken(card: SourceCard, data: Path, origin: Path) -> list[Fetched]:
    """Copy what fits the card's patterns in a local copy; a file that bears a checksum of the card must have it."""
    if not origin.is_dir():
        raise ConfigurationError("no such folder; --from names one with a copy of the files", file=str(origin))
    known = {download.path: download for download in card.downloads if download.listing is None}
    results = []
    for pattern in (*card.files, *card.side_files):
        for found, target in _matches(pattern, origin):
            stated = known.get(target)
            file = CardFile(target, "", (stated and stated.sha256) or "", (stated and stated.md5) or "")
            results.append(_copied(found, data, file))
    if not results:
        patterns = ", ".join(card.files)
        raise ConfigurationError(f"no file {patterns} in it, nor one of such a name directly in it", file=str(origin))
    return results


def _matches(pattern: str, origin: Path) -> Iterator[tuple[Path, str]]:
    """Yield files that fit a pattern in a copy of the data folder, else those in its own top, with their places."""
    found = sorted(path for path in origin.glob(pattern) if path.is_file())
    if found:
        yield from ((path, path.relative_to(origin).as_posix()) for path in found)
        return
    folder, _, last = pattern.rpartition("/")
    if "*" not in folder:
        yield from ((path, f"{folder}/{path.name}") for path in sorted(origin.glob(last)) if path.is_file())


def _copied(found: Path, data: Path, file: CardFile) -> Fetched:
    path = path_in(data, file)
    if path.is_file() and path.samefile(found):
        return Fetched(file, "there", path.stat().st_size)
    with held_alone(data / Path(file.path).parts[0], ANOTHER), named_refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(path)
        with removed_on_failure(part):
            copy(found, part)
            place(part, path, data, file)
    return Fetched(file, "copied", path.stat().st_size)
