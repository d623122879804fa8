"""The job itself: inputs, round trips, questions, files, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.registration import Example
from biomatrix.peak_memory import peak_memory_bytes
from biomatrix.quickstart.files import write_files
from biomatrix.quickstart.inputs import gather_inputs
from biomatrix.quickstart.pages import build_page
from biomatrix.quickstart.roundtrip import RoundTrip, round_trips
from biomatrix.quickstart.tasks import Reply, ask, gather_questions

REPORT = "report.html"


@dataclass(frozen=True)
class Summary:
    """What the job did: inputs with their round trips, the model's replies, the files, seconds and peak GiB."""

    folder: Path
    inputs: list[tuple[Example, list[RoundTrip]]]
    replies: list[Reply]
    files: list[Path]
    seconds: float
    peak_memory_gib: float

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as plain values for JSON."""
        return {
            "report": str(self.folder / REPORT),
            "files": [str(path) for path in self.files],
            "round_trips": [
                {
                    "entity": example.title,
                    "modality": trip.modality.name,
                    "tokens": len(trip.tokens),
                    "agreement": str(trip.agreement) if trip.agreement else None,
                    "refused": trip.refused or None,
                }
                for example, trips in self.inputs
                for trip in trips
            ],
            "tasks": [
                {
                    "task": reply.question.task,
                    "answers": [answer.text for answer in reply.answers],
                    "verdicts": reply.verdicts,
                    "error": reply.error or None,
                }
                for reply in self.replies
            ],
            "seconds": round(self.seconds, 1),
            "peak_memory_gib": round(self.peak_memory_gib, 2),
        }

    def as_text(self) -> str:
        """Return the summary for a terminal."""
        lines = []
        for example, trips in self.inputs:
            lines.append(f"{example.title} ({example.origin})")
            for trip in trips:
                outcome = (
                    f"{len(trip.tokens):4d} tokens, {trip.agreement}" if trip.agreement else f"refused: {trip.refused}"
                )
                lines.append(f"  {trip.modality.name:20s} {outcome}")
        for reply in self.replies:
            lines.append(reply.question.title)
            if reply.error:
                lines.append(f"  not asked: {reply.error}")
            for answer, verdict in zip(reply.answers, reply.verdicts, strict=True):
                lines.append(f"  {_one_line(answer.text)}{f'  [{verdict}]' if verdict else ''}")
        lines.append(
            f"{len(self.files)} files in {self.folder}/ in {self.seconds:.0f} s, "
            f"{self.peak_memory_gib:.1f} GiB of memory at most"
        )
        lines.append(f"Open {self.folder / REPORT} in a browser.")
        return "\n".join(lines)


def run(
    folder: Path,
    *,
    given: Mapping[str, str] | None = None,
    records: Mapping[str, int | str] | None = None,
    model: str = "nano",
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> Summary:
    """Encode and decode, ask, write files and the report.

    Parameters
    ----------
    folder : Path
        Where everything is written; created where it does not exist.
    given, records : mapping, optional
        The user's own entities by kind, see :func:`biomatrix.quickstart.inputs.gather_inputs`.
    model : str
        A shipped name, a folder or a hub id.
    seed : int
        Seeds conformers and sampling.
    progress : callable
        Called with a description of each step.

    Raises
    ------
    ConfigurationError
        The folder cannot be written, or the seed is no whole number of 64 bits; before any work.
    """
    from biomatrix.generation import load
    from biomatrix.generation.sampling import Sampling

    start = time.monotonic()
    Sampling(seed=seed)
    make_folder(folder)
    progress("reading the inputs")
    gathered = []
    for example in gather_inputs(given or {}, records or {}, seed):
        progress(f"encoding and decoding: {example.title}")
        gathered.append((example, round_trips(example.entity)))
    progress(f"loading the model {model!r}")
    loaded = load(model)
    replies = ask(loaded, gather_questions([example.entity for example, _ in gathered]), seed, progress)
    progress("writing files and the report")
    files = write_files(folder, gathered, replies)
    build_page(gathered, replies, loaded, model).write(folder / REPORT)
    return Summary(
        folder,
        gathered,
        replies,
        [*files, folder / REPORT],
        time.monotonic() - start,
        peak_memory_bytes() / 2**30,
    )


def _one_line(text: str, width: int = 100) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= width else f"{flat[:width]}..."
