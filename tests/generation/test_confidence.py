"""What an answer says of itself: its tokens, its samples, a calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.generation import Model
from biomatrix.generation.confidence import with_evidence
from biomatrix.trust import calibrate

CHAIN = bm.Protein.from_sequence("MKTAYIAKQR")


def test_each_residue_has_the_log_probability_of_its_token(model: Model) -> None:
    (answer,) = model.generate(["Fold ", CHAIN], output="protein_structure", length=10)
    (segment,) = answer.segment_confidence()
    assert segment.units.tolist() == list(answer.token_logprobs[1:-1])
    assert segment.likelihood.logprob == pytest.approx(answer.logprob)
    assert answer.confidence.likelihood.count == sum(one != 0 for one in answer.token_logprobs)


@pytest.mark.parametrize("output", ["molecule_selfies", "molecule_structure"])
def test_each_atom_has_the_log_probability_of_the_token_that_places_it(model: Model, output: str) -> None:
    found = 0
    for answer in model.generate("Make a molecule.", output=output, num_samples=6, max_new_tokens=24):
        if not isinstance(answer.entity, bm.Molecule):
            continue
        (segment,) = answer.segment_confidence()
        assert len(segment.units) == answer.entity.num_atoms
        assert set(segment.units.tolist()) <= set(answer.token_logprobs)
        found += 1
    assert found


def test_samples_of_a_request_know_each_other_and_say_so(model: Model) -> None:
    answers = model.generate("Make a molecule.", output="molecule_selfies", length=3, num_samples=6)
    agreement = answers[2].confidence.agreement
    assert agreement is not None
    assert agreement.meanings == tuple(answer.entity for answer in answers)
    assert "samples agree" in str(answers[2].confidence)
    assert "not calibrated" in str(answers[0].confidence)


def test_a_batch_is_as_confident_as_each_prompt_alone(model: Model) -> None:
    prompts = ["Make a molecule.", "Describe"]
    together = model.generate_batch(prompts, output="molecule_selfies", num_samples=3)
    for prompt, group in zip(prompts, together, strict=True):
        alone = model.generate(prompt, output="molecule_selfies", num_samples=3)
        assert [str(one.confidence) for one in group] == [str(one.confidence) for one in alone]


def test_one_greedy_answer_given_several_times_is_one_sample(model: Model) -> None:
    answers = model.generate("Make a molecule.", output="molecule_selfies", greedy=True, num_samples=4)
    assert answers[3].confidence.agreement is None


def test_a_calibration_gives_an_interval_around_the_median_of_samples(model: Model) -> None:
    from dataclasses import replace

    (answer,) = model.generate("Describe", max_new_tokens=2)
    made = calibrate([0.0] * 19, np.linspace(0, 1, 19), samples=3, unit="log mol/L")
    texts = ["-1.0 log mol/L", "2", "-3.5"]
    group = with_evidence([replace(answer, text=text, entity=None, error=None) for text in texts], made)
    found = group[1].confidence
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((-1.0 - 17 / 18, -1.0 + 17 / 18))
    assert str(found).startswith("-1 log mol/L (median of 3 samples), 90% interval -1.94 to -0.0556 (calibrated on 19")
    two = with_evidence([replace(answer, text=text, entity=None, error=None) for text in ("1", "much")], made)
    assert "calibrated on 3 samples a record, but on 2 here" in two[0].confidence.doubts
    assert "1 of 2 samples state no number" in two[0].confidence.doubts


@pytest.mark.parametrize("extension", ["pdb", "cif"])
def test_files_of_structures_hold_the_confidence_of_each_residue(model: Model, extension: str, tmp_path: Path) -> None:
    from biomatrix.generation.answer_files import write_answers

    answers = model.generate(["Fold ", CHAIN], output="protein_structure", length=10, num_samples=2)
    path = tmp_path / f"folds.{extension}"
    write_answers(answers, path, "protein_structure")
    rows = [line for line in path.read_text().splitlines() if line.startswith("ATOM")]
    found = [float(line[60:66] if extension == "pdb" else line.split()[14]) for line in rows]
    wanted = []
    for answer in answers:
        assert isinstance(answer.entity, bm.Protein)
        percent = 100 * np.exp(answer.segment_confidence()[0].units)
        resolved = np.flatnonzero(answer.entity.resolved)
        wanted += np.repeat(percent[resolved], 4).tolist()
    assert found == pytest.approx(wanted, abs=0.006)
    assert "100 times the probability" in path.read_text()
