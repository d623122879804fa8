"""A run of alignment in a process of its own, to be killed: ``python killed_run.py FOLDER SECONDS_A_STEP``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from made_pairs import made_side

from biomatrix.soft.alignment import loop
from biomatrix.soft.alignment.fitting import FitSettings, fit_contrastive
from biomatrix.soft.alignment.settings import AlignmentSettings
from biomatrix.soft.projector import ProjectorSettings

SETTINGS = FitSettings(
    ProjectorSettings(layers=2, width=16, dropout=0.3),
    AlignmentSettings(epochs=8, batch_size=16, checkpoint_every=4, patience=50, input_dropout=0.1),
)


def run(folder: Path, pause: float = 0.0) -> None:
    """Align in a folder, with a pause behind each step."""
    note = loop._Run._note

    def slow(self: loop._Run, *given: object) -> None:
        note(self, *given)  # type: ignore[arg-type]
        time.sleep(pause)

    loop._Run._note = slow  # type: ignore[method-assign, assignment]
    side = made_side()
    fit_contrastive(side.vectors, side.keys, side.table, SETTINGS, folder)


if __name__ == "__main__":
    run(Path(sys.argv[1]), float(sys.argv[2]))
