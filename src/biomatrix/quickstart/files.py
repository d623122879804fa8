"""The entities of the job as files that other programs open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from biomatrix.entities import Entity, modality
from biomatrix.entities.registration import Example
from biomatrix.quickstart.roundtrip import RoundTrip
from biomatrix.quickstart.tasks import Reply


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
