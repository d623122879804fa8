"""Options that benchmarks of training share, and how they end."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from biomatrix.errors import BioMatrixError


def add_options(parser: argparse.ArgumentParser, *, output: str, documents: int) -> None:
    """Add the options of the runs, and where they are kept."""
    parser.add_argument("--tokens", type=int, default=2048, help="of a step, padding included")
    parser.add_argument("--layers", type=int, default=4, help="of the decoder")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest, at a width of 128; falls with its root")
    parser.add_argument("--documents", type=int, default=documents, help="held-out rows of each view and task")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, default=Path(output), help="keeps the runs and the tables")
    parser.add_argument("--quick", action="store_true", help="a dry run of a minute or two, in OUTPUT/quick")


def chosen(given: argparse.Namespace, quick: Mapping[str, object]) -> argparse.Namespace:
    """Start the log; return the options, those of a dry run in their place where one is wanted."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    if given.quick:
        vars(given).update(quick, output=given.output / "quick")
    return given


@contextmanager
def end_cleanly() -> Iterator[None]:
    """Turn an error of the package into one line and an exit status of 1."""
    try:
        yield
    except BioMatrixError as error:
        raise SystemExit(f"error: {error}") from error
