"""However a run ends, the status and one line tell it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import NoReturn

import pytest
from typer.main import get_command

from biomatrix.cli.endings import (
    INTERRUPTED,
    REFUSED,
    UNEXPECTED,
    refuse_unset_values,
    run_to_the_end,
    without_debug,
)
from biomatrix.cli.main import app
from biomatrix.errors import ConfigurationError, ParseError


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def run() -> NoReturn:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ParseError("bad", file="x.sdf", record=2), REFUSED, "biomatrix: x.sdf, record 2: bad"),
        (ConfigurationError("no model '\x1b[2J\x9b'"), REFUSED, "biomatrix: no model '\\x1b[2J\\x9b'"),
        (ValueError("two\nlines"), UNEXPECTED, "biomatrix: unexpected: ValueError: two lines; run again with --debug"),
        (KeyError("k"), UNEXPECTED, "unexpected: KeyError: 'k'"),
        (MemoryError(), REFUSED, "biomatrix: there is not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 4 bytes"), REFUSED, "there is not enough memory"),
        (RecursionError("deep"), UNEXPECTED, "unexpected: RecursionError: deep"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), UNEXPECTED, "unexpected: UnicodeDecodeError"),
        (OSError(28, "No space left on device"), REFUSED, "cannot be written: No space left on device"),
        (PermissionError(13, "Permission denied", "x"), UNEXPECTED, "unexpected: PermissionError"),
        (KeyboardInterrupt(), INTERRUPTED, "biomatrix: interrupted"),
        (SystemExit(INTERRUPTED), INTERRUPTED, "biomatrix: interrupted"),
    ],
)
def test_an_error_is_one_line(
    capsys: pytest.CaptureFixture[str], error: BaseException, status: int, words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_to_the_end(raising(error))
    said = capsys.readouterr().err
    assert ended.value.code == status
    assert words in said
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_debug_shows_where_an_error_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_to_the_end(raising(ValueError("deep inside")), debug=True)
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.splitlines()[-1] == "biomatrix: unexpected: ValueError: deep inside"


def test_a_long_reason_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_to_the_end(raising(ValueError("x" * 10_000)))
    assert len(capsys.readouterr().err) < 500


@pytest.mark.parametrize(
    ("arguments", "kept", "wanted"),
    [
        (["encode", "x.smi", "--debug"], ["encode", "x.smi"], True),
        (["--debug", "encode", "x.smi"], ["encode", "x.smi"], True),
        (["encode", "x.smi"], ["encode", "x.smi"], False),
        (["generate", "--", "--debug"], ["generate", "--", "--debug"], False),
    ],
)
def test_debug_stands_anywhere(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], kept: list[str], wanted: bool
) -> None:
    monkeypatch.delenv("BIOMATRIX_DEBUG", raising=False)
    assert without_debug(arguments) == (kept, wanted)


@pytest.mark.parametrize(("value", "wanted"), [("1", True), ("0", False), ("", False)])
def test_debug_by_the_environment(monkeypatch: pytest.MonkeyPatch, value: str, wanted: bool) -> None:
    monkeypatch.setenv("BIOMATRIX_DEBUG", value)
    assert without_debug(["models"])[1] is wanted


@pytest.mark.parametrize("arguments", [["encode", "x.smi", "-o", ""], ["encode", "--output=", "x.smi"], ["a\0b"]])
def test_values_of_unset_variables_are_refused(arguments: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        refuse_unset_values(arguments)


@pytest.mark.parametrize("arguments", [["generate", ""], ["generate", "--", "", "-o", ""], ["encode", "-"], ["a=b="]])
def test_what_is_no_empty_option_is_left_to_the_command(arguments: list[str]) -> None:
    refuse_unset_values(arguments)


def test_a_full_standard_output_is_one_line() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "biomatrix.cli.main", "tasks", "list"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == REFUSED
    assert "No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_application_lists_the_option() -> None:
    assert any(one.name == "debug" for one in get_command(app).params)
