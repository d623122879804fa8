"""Levels of checks, and agreement with what was asked for and with other modalities."""

from __future__ import annotations

import pytest

from biomatrix.entities import Check, Molecule, Protein, modality
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.trust import LEVELS, checks_of, judge
from biomatrix.trust.verdict import Verdict

ALANINE = Molecule.from_smiles("C[C@H](N)C(=O)O")


def test_each_level_makes_the_checks_of_the_one_before_and_more() -> None:
    conformer = Molecule.from_smiles("CCO").embed()
    names = [{check.name for check in checks_of(conformer, level)} for level in LEVELS]
    assert names[0] == set()
    assert names[0] < names[1] < names[2]
    assert any("PoseBusters" in name for name in names[2] - names[1])
    assert [check.name for check in checks_of(conformer, "full") if check.passed is False] == []


def test_a_graph_alone_has_no_costly_checks() -> None:
    assert checks_of(ALANINE, "full") == checks_of(ALANINE, "fast")


def test_no_other_level() -> None:
    with pytest.raises(ConfigurationError, match="no level of checks 'slow'; there are off, fast, full"):
        checks_of(ALANINE, "slow")  # type: ignore[arg-type]


def test_what_was_asked_and_what_stands_beside_are_compared_under_their_names() -> None:
    other = Molecule.from_smiles("CC(N)C(=O)O")
    checks = {
        check.name: check.passed
        for check in checks_of(ALANINE, reference=other, siblings=[("molecule_selfies", Molecule.from_smiles("CCO"))])
    }
    assert checks["same graph as asked"] is True
    assert checks["same stereochemistry as asked"] is True
    assert checks["same graph as molecule_selfies"] is False
    assert checks["same stereochemistry as molecule_selfies"] is None


def test_a_reference_of_another_kind_says_nothing() -> None:
    assert checks_of(ALANINE, reference=Protein("MK")) == checks_of(ALANINE)


def test_a_check_that_refuses_is_told_and_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    written = modality("molecule_smiles")

    def refuse(entity: object) -> list[Check]:
        raise UnsupportedError("not today")

    monkeypatch.setattr(written, "check", refuse)
    (check,) = checks_of(ALANINE, modality=written)
    assert (check.name, check.passed, check.detail) == ("checks ran", None, "not today")


def test_a_verdict_is_plain_values() -> None:
    verdict = judge(ALANINE, reference=ALANINE).as_json()
    assert verdict["sound"] is True
    assert verdict["passed"] == verdict["answered"] == 2
    assert verdict["verdict"].startswith("2 of 2 checks passed")
    assert verdict["comparison"][0]["name"] == "same SMILES"
    odd = Verdict((Check("odd", None, float("nan")),)).as_json()
    assert odd["checks"][0]["value"] is None
    assert odd["sound"] is None
