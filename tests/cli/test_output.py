"""Where commands write: devices stay, a full disk is one line, a signal leaves nothing unfinished."""

from __future__ import annotations

import gzip
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from biomatrix.cli.main import main

LINE = '{"text": "<|mol_smi_start|>CCO<|mol_smi_end|>", "name": "ethanol"}\n'
SELF = [sys.executable, "-m", "biomatrix.cli.main"]

full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")


def command(*words: str, folder: Path, stdout: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder, its standard output caught or led to a file."""
    if stdout is None:
        return subprocess.run([*SELF, *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    with Path(stdout).open("wb") as stream:
        return subprocess.run(
            [*SELF, *words], cwd=folder, stdout=stream, stderr=subprocess.PIPE, text=True, timeout=120, check=False
        )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "in.smi").write_text("".join(f"CCCCCCCCCC m{number}\n" for number in range(300)))
    (tmp_path / "t.jsonl").write_text(LINE)
    return tmp_path


@full
@pytest.mark.parametrize("words", [("encode", "in.smi", "-m", "molecule_smiles"), ("--help",), ("models",)])
def test_a_full_standard_output_is_one_line(here: Path, words: Sequence[str]) -> None:
    done = command(*words, folder=here, stdout="/dev/full")
    assert done.returncode == 1
    assert done.stderr == "biomatrix: <stdout>: cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("encode", "in.smi", "-o", "folder"), "folder: is a folder, not a file; give the name of a file"),
        (("encode", "in.smi", "-o", "missing/x"), "there is no folder"),
        (("encode", "in.smi", "-o", "in.smi/x"), "a file stands where its folder should"),
        (("encode", "in.smi", "-o", "x", "--rejects", "folder"), "is a folder"),
        (("encode", "in.smi", "-o", "n" * 300), "too long"),
        (("decode", "t.jsonl", "-o", "in.smi/x"), "a file stands where"),
        (("decode", "t.jsonl", "-o", "folder/missing/x.smi"), "there is no folder"),
        (("decode", "t.jsonl", "-o", "x.mol2"), "only read"),
        (("decode", "t.jsonl", "-o", "x.nothing"), "no format of entities is called .nothing"),
        (("decode", "t.jsonl", "-o", "-"), "--format"),
        (("doctor", "roundtrip", "in.smi", "--csv", "folder"), "is a folder"),
        (("quickstart", "-o", "in.smi"), "is a file, not a folder"),
        (("tokenizer", "convert", "in.smi", "-o", "in.smi"), "is a file, not a folder"),
    ],
)
def test_no_place_to_write_is_said_in_one_line_before_any_work(
    here: Path,
    words: Sequence[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (here / "folder").mkdir()
    before = names(here)
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "argv", ["biomatrix", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capfd.readouterr()
    assert (ended.value.code, told.out) == (1, "")
    assert told.err.count("\n") == 1
    assert said in told.err
    assert names(here) == before
    assert names(here / "folder") == []


@root
@pytest.mark.parametrize(
    "words", [("encode", "in.smi", "-m", "molecule_smiles"), ("decode", "t.jsonl"), ("decode", "t.jsonl", "--json")]
)
def test_a_device_stays_one_and_nothing_stands_beside_it(here: Path, words: Sequence[str]) -> None:
    (here / "scratch").mkdir()
    os.mknod(here / "scratch" / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    done = command(*words, "-o", "scratch/null", folder=here)
    assert done.returncode == 0, done.stderr
    assert stat.S_ISCHR((here / "scratch" / "null").stat().st_mode)
    assert names(here / "scratch") == ["null"]


def test_counts_go_to_standard_output_where_it_is_free(here: Path) -> None:
    counted = command("decode", "t.jsonl", "-o", "x.smi", "--json", folder=here)
    assert json.loads(counted.stdout)["succeeded"] == 1
    assert counted.stderr == ""
    for output in ("-", "/dev/stdout"):
        taken = command("decode", "t.jsonl", "-o", output, "--format", "smi", "--json", folder=here)
        assert taken.stdout == "CCO\tethanol\n"
        assert json.loads(taken.stderr)["rejects_file"] is None


def test_a_reader_that_has_gone_is_quiet(here: Path) -> None:
    (here / "in.smi").write_text("".join(f"{'C' * 90} m{number}\n" for number in range(3000)))
    done = subprocess.run(
        ["/bin/sh", "-c", f"{' '.join(SELF)} encode in.smi -m molecule_smiles -q | head -n 1"],
        cwd=here, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("action", "number"),
    [
        ("encode", signal.SIGTERM),
        ("encode", signal.SIGINT),
        ("decode", signal.SIGHUP),
        pytest.param("encode", signal.SIGHUP, marks=pytest.mark.exhaustive),
        pytest.param("decode", signal.SIGTERM, marks=pytest.mark.exhaustive),
        pytest.param("decode", signal.SIGINT, marks=pytest.mark.exhaustive),
    ],
)
def test_a_signal_leaves_no_unfinished_file(tmp_path: Path, number: signal.Signals, action: str) -> None:
    """The input is a pipe that never ends, so that the command is at work when the signal comes."""
    os.mkfifo(tmp_path / "in.smi")
    (tmp_path / "out.smi").write_text("before")
    words = ("encode", "in.smi", "-m", "molecule_smiles") if action == "encode" else ("decode", "in.smi")
    line = "CCO ethanol\n" if action == "encode" else LINE
    process = subprocess.Popen([*SELF, *words, "-o", "out.smi"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    with (tmp_path / "in.smi").open("w") as stream:
        stream.write(line * 30_000)  # more than any buffer between the two
        stream.flush()
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".out.smi.*.part")) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert list(tmp_path.glob(".out.smi.*.part"))
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode in (128 + number, 1)
    assert "Traceback" not in said
    assert names(tmp_path) == ["in.smi", "out.smi"]
    assert (tmp_path / "out.smi").read_text() == "before"


def test_lines_gzipped_or_broken_lose_no_other(tmp_path: Path) -> None:
    content = LINE.encode() + b'{"text": "\xff\xfe"}\n' + LINE.replace("ethanol", "again").encode()
    (tmp_path / "t.jsonl.gz").write_bytes(gzip.compress(content))
    done = command("decode", "t.jsonl.gz", "-o", "out.smi", folder=tmp_path)
    assert (tmp_path / "out.smi").read_text() == "CCO\tethanol\nCCO\tagain\n"
    assert "record 2" in done.stderr
    assert "not UTF-8" in done.stderr
