"""The reference of the HTTP API is what the schema of a server says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "http-api.md"


def test_the_page_is_that_of_the_schema(tmp_path: Path) -> None:
    """Made by a process of its own, in which no test has registered an operation."""
    made = tmp_path / "http-api.md"
    subprocess.run([sys.executable, "-m", "biomatrix.serving.api_reference", str(made)], check=True, timeout=300)
    assert made.read_text() == PAGE.read_text(), f"write it anew: python -m biomatrix.serving.api_reference {PAGE}"
    headings = {line for line in made.read_text().splitlines() if line.startswith("### ")}
    assert {
        "### POST /v1/generate",
        "### POST /v1/chat/completions",
        "### POST /v1/jobs",
        "### GET /metrics",
    } <= headings
