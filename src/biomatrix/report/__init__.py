"""Self-contained HTML: drawings, structures to turn with the mouse, token streams coloured by modality."""

from __future__ import annotations

from biomatrix.report.page import Page

__all__ = ["Page"]
