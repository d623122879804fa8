"""The examples of the page run as they stand and print what it says; every option it names is there."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.entities import unregister_kind
from biomatrix_ct.command import app

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "restore-ct.md"
README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_example_prints_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = re.findall(r"```python[^\n]*\n(.*?)```\n+```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert found
    for code, expected in found:
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(code, {})
        finally:
            unregister_kind("ct")
        assert printed.getvalue() == expected


@pytest.mark.parametrize("page", [PAGE, README], ids=lambda page: str(page.name))
def test_commands_and_options_of_pages_exist(page: Path) -> None:
    # What a benchmark takes is its own matter.
    text = re.sub(r"`python plugins/[^`]*`", "", page.read_text(encoding="utf-8"))
    commands = set(re.findall(r"python -m biomatrix_ct (\w+)", text))
    assert commands <= {"restore", "train"}
    helps = "".join(CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}).output for name in commands)
    assert commands
    for option in set(re.findall(r"(?<![\w-])--[a-z]+", text)):
        assert option in helps, option
