"""Self-examination passes on a sound installation and fails on a damaged one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.doctor import Finding, worst
from biomatrix.doctor.installation import examine_installation
from biomatrix.doctor.roundtrips import examine_round_trips, stated_error
from biomatrix.doctor.vocabularies import examine_vocabulary
from biomatrix.doctor.weights import examine_weights
from biomatrix.entities import Entity, default_modality_names, kinds, tokenizer_folder
from biomatrix.entities.tokenizer_folder import shipped_names, weights_root
from biomatrix.errors import VocabularyError
from biomatrix.vocabulary import Vocabulary


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped weights to damage, in the place of the real ones."""
    for kind in ("molecule", "protein", "rna"):
        root = weights_root(kind)
        assert root is not None
        shutil.copytree(root, tmp_path / kind)
    monkeypatch.setattr(tokenizer_folder, "weights_root", lambda kind: tmp_path / kind)
    return tmp_path


def test_a_sound_installation_has_no_failure() -> None:
    findings = [*examine_installation(), *examine_weights()]
    assert worst(findings) == "ok", [finding for finding in findings if finding.status != "ok"]


def test_every_shipped_tokenizer_goes_round_within_its_stated_error() -> None:
    findings = list(examine_round_trips())
    assert worst(findings) != "failed", [finding for finding in findings if finding.status == "failed"]
    told = " ".join(finding.subject for finding in findings)
    for kind in ("molecule", "protein"):
        for name in shipped_names(kind):
            assert repr(name) in told
            assert stated_error(kind, name) > 0


def test_damaged_weights_fail(damaged: Path) -> None:
    path = damaged / "molecule" / "conditioned-512" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    (failed,) = [finding for finding in examine_weights() if finding.status == "failed"]
    assert "sha256" in failed.detail


def test_missing_weights_fail(damaged: Path) -> None:
    shutil.rmtree(damaged / "protein")
    assert worst(examine_weights()) == "failed"


def test_a_round_trip_past_the_stated_error_fails(damaged: Path) -> None:
    path = damaged / "molecule" / "conditioned-512" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["stated_error"]["rmsd_angstrom"] = 1e-6
    path.write_text(json.dumps(config), encoding="utf-8")
    failed = [finding for finding in examine_round_trips() if finding.status == "failed"]
    assert failed
    assert all("'conditioned-512'" in finding.subject for finding in failed)


def test_the_worst_finding_decides() -> None:
    assert worst([]) == "ok"
    assert worst([Finding("a", "b", "warning", ""), Finding("a", "b", "failed", "")]) == "failed"


def test_every_modality_of_a_vocabulary_is_tried_with_the_samples_of_its_kind() -> None:
    findings = list(examine_vocabulary("nano"))
    assert worst(findings) == "ok", [finding for finding in findings if finding.status != "ok"]
    tried = {finding.subject for finding in findings if "there and back" in finding.detail}
    assert tried == set(default_modality_names())
    (stock,) = [finding for finding in findings if "Transformers" in finding.subject]
    assert f"in {len(tried)} modalities" in stock.detail


@pytest.mark.parametrize(("place", "status"), [(0, "warning"), (None, "failed")])
def test_a_vocabulary_made_without_records_of_a_modality_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, place: int | None, status: str
) -> None:
    whole = Vocabulary.encode_entity

    def narrower(self: Vocabulary, entity: Entity, name: str) -> list[int]:
        if name == "molecule_structure":
            raise VocabularyError("it is not held" if place is not None else "another tokenizer", position=place)
        return list(whole(self, entity, name))

    monkeypatch.setattr(Vocabulary, "encode_entity", narrower)
    findings = list(examine_vocabulary("nano"))
    assert worst(findings) == status
    (tried,) = [finding for finding in findings if finding.subject == "molecule_structure"]
    assert tried.status == status
    (stock,) = [finding for finding in findings if "Transformers" in finding.subject]
    assert stock.status == ("ok" if status == "warning" else "failed")


def test_samples_are_the_examples_and_more() -> None:
    for one in kinds():
        samples = [sample.stem for sample in one.samples()]
        assert samples[: len(one.examples())] == [example.stem for example in one.examples()]
        assert len(set(samples)) == len(samples)


@pytest.mark.slow
def test_the_command_passes_and_speaks_json() -> None:
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert result.exit_code == 0, result.stdout
    areas = {finding["area"] for finding in json.loads(result.stdout)}
    assert areas == {"installation", "weights", "vocabulary", "round trip"}
