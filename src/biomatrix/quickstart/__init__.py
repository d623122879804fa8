"""The main job on real input: every modality there and back, one task of each kind, files and a page to look at."""

from __future__ import annotations

from biomatrix.quickstart.job import Summary, run

__all__ = ["Summary", "run"]
