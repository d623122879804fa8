"""Calibrations that come with a question: intervals, sets, and answers that are held back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from biomatrix.errors import ConfigurationError, LimitError
from biomatrix.serving.faults import checked_input
from biomatrix.serving.operations.operation import operation
from biomatrix.serving.service import Service
from biomatrix.tasks import Task, register_task, unregister_task
from biomatrix.trust import Abstention, calibrate, calibrate_labels


def run(service: Service, name: str, asked: dict[str, Any]) -> Any:
    one = operation(name)
    return one.run(service, checked_input(one.asked, asked))


def test_a_calibration_goes_with_a_task(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "made.json"
    calibrate([0.0] * 20, [2.0] * 20, unit="g/mol").save(path)
    asked = {"entity": {"type": "molecule", "smiles": "Oc1ccccc1"}, "task": "predict_weight"}
    (answer,) = run(service, "predict", {**asked, "calibration": json.loads(path.read_text())}).answers
    low, high = answer.confidence.interval
    assert high - low == pytest.approx(4)
    made = calibrate_labels([[0.0, 1.0]] * 20, [0] * 20, ("no", "yes"))
    register_task(Task("is_it_soluble", ("Is {molecule} soluble?",), "{soluble}", parser="yes_no"))
    try:
        for limit in (None, Abstention(0.1, 1.5, "probability")):
            replace(made, abstention=limit).save(path)
            told = run(
                service, "predict", {**asked, "task": "is_it_soluble", "calibration": json.loads(path.read_text())}
            )
            found = told.answers[0].confidence
            assert set(found.labels) == {"yes", "no"}
            assert told.value == (told.answers[0].text == "yes")
            assert found.chance is not None
            assert (found.abstained is None) == (limit is None)
    finally:
        unregister_task("is_it_soluble")
    with pytest.raises(ConfigurationError, match="calibration: no calibration"):
        run(service, "predict", {**asked, "calibration": {"scores": [1]}})
    many = [str(n) for n in range(1000, 9000)]
    values = {**json.loads(path.read_text()), "labels": many, "recalibration": None}
    with pytest.raises(LimitError, match="labels"):
        run(service, "predict", {**asked, "calibration": values})
