"""The command restores a file, tells what it did, and refuses in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from biomatrix.cli.endings import run_to_the_end
from biomatrix_ct import NOTICE, Image, read_image, write_image
from biomatrix_ct.command import _run

from .conftest import noisy


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run the command in a folder of its own, as its main function does."""
    monkeypatch.chdir(tmp_path)

    def once(*arguments: str) -> Done:
        with pytest.raises(SystemExit) as ended:
            run_to_the_end(lambda: _run(list(arguments)))
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return once


def test_a_slice_is_restored_and_accounted_for(chest: Image, tmp_path: Path, run: Callable[..., Done]) -> None:
    given = noisy(chest, 1e3)
    write_image(given, tmp_path / "low.png")
    done = run("restore", "low.png", "-o", "out.png", "--montage", "look.png", "--window", "lung", "--json")
    assert done.status == 0, done.err
    account = json.loads(done.out)
    assert account["notice"] == NOTICE
    assert [one["passed"] for one in account["checks"]] == [True, True, True]
    assert account["strength"] == 1
    restored = read_image(tmp_path / "out.png")
    assert float(np.mean((restored.values - chest.values) ** 2)) < 0.4 * float(
        np.mean((given.values - chest.values) ** 2)
    )
    look = Picture.open(tmp_path / "look.png")
    assert look.size == (3 * 256 + 12, 256 + 32)
    residual = np.asarray(look)[16:-16, 2 * 262 : 2 * 262 + 256]
    assert residual.mean() == pytest.approx(127.5, abs=3)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("photo.png", "-o", "o.png"), "photograph"),
        (("absent.dcm", "-o", "o.png"), "no such file"),
        (("low.png", "-o", "o.dcm"), "not written as DICOM"),
        (("low.png", "-o", "absent/o.png"), "no folder"),
        (("low.png", "-o", "o.png", "--window", "heart"), "no window"),
        (("low.png", "-o", "o.png", "--weights", "nowhere"), "no folder of weights"),
    ],
)
def test_refusals_are_one_line(
    tmp_path: Path, run: Callable[..., Done], arguments: tuple[str, ...], reason: str
) -> None:
    Picture.new("RGB", (32, 32)).save(tmp_path / "photo.png")
    write_image(Image(np.zeros((32, 32)), (1, 1)), tmp_path / "low.png")
    done = run("restore", *arguments)
    assert done.status == 1
    assert reason in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "o.png").exists()


@pytest.mark.slow
def test_a_network_is_trained_on_a_scan_and_used(tmp_path: Path, run: Callable[..., Done]) -> None:
    pytest.importorskip("nibabel", reason="nibabel is not installed")
    rng = np.random.default_rng(0)
    smooth = np.broadcast_to(np.linspace(-1000, 400, 96), (3, 96, 96))
    write_image(Image(smooth + rng.normal(0, 30, smooth.shape), (3, 1, 1)), tmp_path / "scan.nii.gz")
    done = run("train", "scan.nii.gz", "-o", "weights", "--steps", "5")
    assert done.status == 0, done.err
    done = run("restore", "scan.nii.gz", "-o", "out.nii.gz", "--weights", "weights")
    assert done.status == 0, done.err
    assert NOTICE in done.out
