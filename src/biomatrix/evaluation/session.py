"""Several benchmarks and several models, one after another; what cannot be run is said, and the rest goes on."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import BioMatrixError, ServerError
from biomatrix.evaluation.answering import Answerer
from biomatrix.evaluation.comparison import Run, compared
from biomatrix.evaluation.html_report import page
from biomatrix.evaluation.leaks import LeakedKeys
from biomatrix.evaluation.markdown_report import markdown
from biomatrix.evaluation.run import Handling, run_benchmark
from biomatrix.evaluation.settings import Settings
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.data_places import DataPlaces

log = logging.getLogger(__name__)
_LONGEST_NAME: Final = 80


@dataclass(frozen=True)
class NotRun:
    """A benchmark that could not be run with a model, and why."""

    task: str
    model: str
    reason: str


def run_all(
    benchmarks: Sequence[Benchmark],
    answerer: Answerer,
    places: DataPlaces,
    settings: Settings,
    folder: Path,
    handling: Handling | None = None,
    leaked: LeakedKeys | None = None,
) -> Iterator[Run | NotRun]:
    """Yield the run of each benchmark with a model, or why there is none.

    Each is in ``folder/MODEL/TASK``.

    Raises
    ------
    ServerError
        The server is gone, so that no other benchmark can be run either.
    """
    for number, benchmark in enumerate(benchmarks, start=1):
        place = folder / folder_name(answerer.name) / folder_name(benchmark.name)
        log.info("%s with %s: task %d of %d", benchmark.name, answerer.name, number, len(benchmarks))
        try:
            result = run_benchmark(benchmark, answerer, places, settings, place, handling, leaked)
        except ServerError:
            raise
        except (BioMatrixError, OSError) as error:
            yield NotRun(benchmark.name, answerer.name, _line(error))
            continue
        yield Run(place, result)


def _line(error: BioMatrixError | OSError) -> str:
    """Return what went wrong in one line, with the file where one is at fault."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def folder_name(name: str) -> str:
    """Return the name of a folder for a model.

    Examples
    --------
    >>> folder_name("baseline:majority"), folder_name("http://localhost:8000/v1")
    ('baseline-majority', 'http-localhost-8000-v1')
    """
    plain = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")
    return plain[-_LONGEST_NAME:] or "model"


def write_reports(runs: Sequence[Run], paths: Sequence[Path], title: str = "Evaluation") -> None:
    """Write the comparison of runs: as a page where a name ends in .html, else as Markdown."""
    lines = compared(runs)
    for path in paths:
        make_folder(path.parent)
        if path.suffix.lower() in (".html", ".htm"):
            page(runs, lines, title).write(path)
        else:
            write_whole(path, markdown(runs, lines, title).encode())


def summary(done: Sequence[Run | NotRun]) -> dict[str, Any]:
    """Return what became of a session, as JSON values."""
    return {
        "results": [
            {
                "task": run.result["task"],
                "model": run.label,
                "folder": str(run.folder),
                "data": {"source": run.result["data"]["source"], "official": run.result["data"]["official"]},
                "rows": run.result["data"]["rows"],
                "scores": {
                    name: {key: score[key] for key in ("value", "spread", "interval")}
                    for name, score in run.result["scores"].items()
                },
                "notes": [*run.result["data"]["notes"], *run.result["notes"]],
            }
            for run in done
            if isinstance(run, Run)
        ],
        "not_run": [
            {"task": one.task, "model": one.model, "reason": one.reason} for one in done if isinstance(one, NotRun)
        ],
    }
