"""The main job on real input: round trips of every modality, the tasks each kind shows, files and a report page."""

from __future__ import annotations

from biomatrix.quickstart.job import Summary, run

__all__ = ["Summary", "run"]
