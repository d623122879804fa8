"""The entities of the job as files that other programs open."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from biomatrix.entities import Entity, modality
from biomatrix.entities.registration import Example
from biomatrix.errors import ConfigurationError
from biomatrix.quickstart.roundtrip import RoundTrip
from biomatrix.quickstart.tasks import Reply


def check_folder(folder: Path) -> None:
    """Check that the files can be written there, before any work; nothing is made yet.

    Raises
    ------
    ConfigurationError
        It is a file, lies inside one, has a name that the system does not take, or may not be written to.
    """
    try:
        standing = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
        os.stat(folder.parent / folder.name)
    except FileNotFoundError:
        pass  # it will be made
    except OSError as error:
        raise ConfigurationError(f"cannot be a folder: {error.strerror or error}", file=str(folder)) from error
    if not standing.is_dir():
        raise ConfigurationError(f"cannot be a folder: {standing} is a file", file=str(folder))
    if not os.access(standing, os.W_OK | os.X_OK):
        raise ConfigurationError(f"cannot be written: {standing} allows no new files", file=str(folder))


def write_files(
    folder: Path, gathered: Sequence[tuple[Example, Sequence[RoundTrip]]], replies: Sequence[Reply]
) -> list[Path]:
    """Write the inputs, the entities their tokens decode to, and every valid answer; return the paths.

    The names tell what is inside: ``<entity>.<ext>`` as read, ``<entity>.<modality>.<ext>`` as decoded,
    ``<task>_<number>.<ext>`` as answered.
    """
    paths = []
    for example, trips in gathered:
        for trip in trips:
            if trip.decoded is None:
                continue
            extension = trip.modality.file_format
            paths.append(_write(example.entity, folder / f"{example.stem}.{extension}"))
            paths.append(_write(trip.decoded, folder / f"{example.stem}.{trip.modality.name}.{extension}"))
    for reply in replies:
        valid = [answer for answer in reply.answers if answer.entity is not None]
        for number, answer in enumerate(valid, start=1):
            if answer.entity is not None and answer.entity_modality is not None:
                extension = modality(answer.entity_modality).file_format
                paths.append(_write(answer.entity, folder / f"{reply.question.task}_{number}.{extension}"))
    return paths


def _write(entity: Entity, path: Path) -> Path:
    entity.to_file(path)
    return path
