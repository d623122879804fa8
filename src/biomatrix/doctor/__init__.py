"""Self-examination: what is installed, which weights and vocabularies agree, and whether round trips hold."""

from __future__ import annotations

from biomatrix.doctor.examination import examine
from biomatrix.doctor.finding import Finding, worst

__all__ = ["Finding", "examine", "worst"]
