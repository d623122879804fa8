"""Running the command line on inputs from real use, as the shell would."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from biomatrix.cli.main import main


@dataclass(frozen=True)
class Run:
    """What one command did: its exit status, standard output and standard error."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines of standard output."""
        return [json.loads(line) for line in self.out.splitlines()]

    def one_line(self) -> str:
        """Return the error, which must be one line and no traceback."""
        assert self.status in (1, 2), self
        assert "Traceback" not in self.out + self.err
        (line,) = self.err.strip().splitlines()
        return line


Command = Callable[..., Run]


@pytest.fixture(scope="session")
def cases(shared: Path) -> Path:
    """The folder of inputs from real use."""
    folder = shared / "cases" / "real_use"
    if not folder.is_dir():
        pytest.skip("inputs from real use not found in the reference data")
    return folder


@pytest.fixture
def biomatrix(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run one command in this process."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["biomatrix", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        shown = capsys.readouterr()
        return Run(status, shown.out, shown.err)

    return run
