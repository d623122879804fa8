"""Runs in a process of their own, for an honest peak of memory, kept by what they depend on and found again."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path

from biomatrix.entities.files.writing import write_whole
from soft_entrants.entrants import Outcome, Settings, as_values, contest

logger = logging.getLogger("biomatrix.training")
_IMPORTED = (
    "soft_entrants.entrants", "accelerate", "anndata", "peft", "rdkit.Chem", "sklearn.linear_model",
    "transformers.models.qwen3.modeling_qwen3",
)  # fmt: skip
"""What takes seconds to import, of every run."""
_HOW = ("shared", "output", "threads")
"""Settings that do not alter the scores."""


def place_of(settings: Settings) -> Path:
    """Return the file of an outcome."""
    told = {name: value for name, value in asdict(settings).items() if name not in _HOW}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]
    return Path(settings.output) / "outcomes" / f"{settings.task}-{digest}.json"


def outcome_of(settings: Settings, *, run: bool = True) -> Outcome | None:
    """Return the outcome of a run, done now in a process of its own or before; None where it is not to be done now.

    A run that is killed goes on from its checkpoint when it is asked for again.

    Raises
    ------
    SystemExit
        The process failed; what it printed says why.
    """
    place = place_of(settings)
    if not place.is_file():
        if not run:
            return None
        logger.info("%s, %s, seed %d", settings.task, settings.entrant, settings.seed)
        process = processes().Process(target=do_one, args=(settings,))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(f"{settings.task}, {settings.entrant}: ended with {process.exitcode}; see above")
    held = json.loads(place.read_text(encoding="utf-8"))
    return Outcome(**held["outcome"])


def do_one(settings: Settings) -> None:
    """Do one run and keep its outcome."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logger.setLevel(logging.INFO)
    place = place_of(settings)
    place.parent.mkdir(parents=True, exist_ok=True)
    held = {"settings": asdict(settings), "outcome": as_values(contest(settings))}
    write_whole(place, json.dumps(held, indent=1).encode() + b"\n")


@cache
def processes() -> ForkServerContext:
    """Return what starts processes: copies of one that has imported everything and done nothing."""
    context = get_context("forkserver")
    context.set_forkserver_preload(list(_IMPORTED))
    return context
