"""A run computes in bfloat16 where the machine is fast at it, unless its recipe says."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from biomatrix.training import precision
from biomatrix.training.config import RunSection


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(("asked", "wanted"), [("auto", None), ("bf16", True), ("fp32", False)])
def test_the_recipe_decides_else_the_machine(
    asked: str, wanted: bool | None, fast: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(precision, "is_bf16_fast", lambda: fast)
    run = RunSection.model_validate({"output": Path("run"), "max_steps": 1, "precision": asked})
    with caplog.at_level(logging.WARNING):
        assert precision.computes_in_bf16(run) is (fast if wanted is None else wanted)
    assert ("instructions" in caplog.text) is (asked == "bf16" and not fast)


def test_the_machine_is_known() -> None:
    assert precision.is_bf16_fast() in (True, False)
