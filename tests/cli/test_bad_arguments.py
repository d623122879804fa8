"""Whatever is typed, the answer is one named error that says what, where and what to do: never a traceback."""

from __future__ import annotations

import os
import re
import shlex
import stat
import sys
from pathlib import Path

import pytest

from biomatrix.cli.endings import UNEXPECTED
from biomatrix.cli.main import main

TABLE = Path(__file__).with_name("bad_arguments.txt")
STANDS_FOR = {"{huge}": str(2**70), "{long}": "A" * 300, "{nul}": "a\0b", "{stray}": "caf\udce9", "{full}": "full"}
SLOW = "slow "
PYTHON_WORDS = re.compile(r"\b(limits|chain|record|file_format|raw|kind)=[\w(]|=True\b|\bgenerate_batch\b|\[Errno")
"""What tells a user of the command line about arguments of Python functions."""


def rows() -> list[tuple[str, str, bool]]:
    """Return command line, expected words, and whether the row is slow."""
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            typed, _, expected = line.partition("  =>  ")
            found.append((typed.removeprefix(SLOW), expected, typed.startswith(SLOW)))
    return found


def words_of(typed: str) -> list[str]:
    words = shlex.split(typed)
    for mark, meaning in STANDS_FOR.items():
        words = [word.replace(mark, meaning) for word in words]
    return words


def test_the_table_is_long_and_names_no_row_twice() -> None:
    typed = [one[0] for one in rows()]
    assert len(typed) >= 150
    assert len(set(typed)) == len(typed)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param(typed, expected, id=typed, marks=[pytest.mark.slow] if slow else [])
        for typed, expected, slow in rows()
    ],
)
def test_bad_arguments_are_refused_in_one_message(
    typed: str,
    expected: str,
    bad_inputs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if "locked" in typed and os.geteuid() == 0:
        pytest.skip("root may read everything")
    monkeypatch.chdir(bad_inputs)
    if "{full}" in typed:
        make_full_device(bad_inputs / "full")
    before = contents(bad_inputs)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(sys, "argv", ["biomatrix", *words_of(typed)])
    with open(os.devnull, encoding="utf-8") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(SystemExit) as ended:
            main()
    said = capfd.readouterr()
    message = f"{said.err}\n{said.out}"
    assert ended.value.code in (1, 2), message
    assert ended.value.code != UNEXPECTED
    assert "Traceback" not in message
    assert "unexpected:" not in message
    assert re.search(expected, message, re.IGNORECASE | re.DOTALL), message
    assert not PYTHON_WORDS.search(message), message
    refusals = [line for line in said.err.splitlines() if line.startswith("biomatrix: ")]
    assert not refusals or said.err.splitlines()[-1:] == refusals  # one line, the last
    changed = {name for name, state in contents(bad_inputs).items() if before.get(name) != state}
    for name in changed:
        assert name.endswith(".rejects.jsonl") or "quickstart" in typed, f"{name} was written"


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every regular file."""
    files = {path: path.lstat() for path in folder.rglob("*")}
    return {
        str(path.relative_to(folder)): (state.st_size, state.st_mtime_ns)
        for path, state in files.items()
        if stat.S_ISREG(state.st_mode)
    }


def make_full_device(path: Path) -> None:
    """Make a device of our own that has no space, like /dev/full, which a faulty command might replace."""
    if path.exists():
        return
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 7))
        path.write_text("", encoding="utf-8")
    except OSError:
        pytest.skip("no device can be made here")
