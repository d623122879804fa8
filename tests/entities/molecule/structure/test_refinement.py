"""Refinement is asked for, reaches a minimum, keeps the molecule, and names what it cannot do."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities import Molecule
from biomatrix.entities.molecule.structure import refinement
from biomatrix.entities.molecule.structure.refinement import METHODS, Method, RefinementError, read_trajectory, refine
from biomatrix.errors import ConfigurationError, UnsupportedError


@pytest.fixture(scope="module")
def alanine() -> Molecule:
    return Molecule.from_smiles("C[C@H](N)C(=O)O").embed(seed=3)


def shaken(molecule: Molecule, scale: float) -> Molecule:
    assert molecule.coordinates is not None
    rng = np.random.default_rng(0)
    return molecule.with_coordinates(molecule.coordinates + rng.normal(scale=scale, size=(molecule.num_atoms, 3)))


@pytest.mark.parametrize("method", ["mmff", "uff"])
def test_a_shaken_conformer_goes_to_a_minimum(alanine: Molecule, method: Method) -> None:
    given = shaken(alanine, 0.05)
    refined = refine(given, method)
    assert refined.converged
    assert refined.method == method
    assert refined.energy_after < refined.energy_before - 1.0
    assert 0.01 < refined.moved < 1.0
    assert refined.molecule.smiles == given.smiles
    assert given.same_as(shaken(alanine, 0.05), 1e-6)  # the one given is left as it was


def test_a_minimum_of_mmff_stays_where_it_is(alanine: Molecule) -> None:
    assert refine(alanine, "mmff").moved < 1e-3


def test_steps_are_limited(alanine: Molecule) -> None:
    assert not refine(shaken(alanine, 0.1), "mmff", max_iterations=1).converged


def test_what_cannot_be_refined_is_named(alanine: Molecule) -> None:
    with pytest.raises(UnsupportedError, match="MMFF has no parameters"):
        refine(Molecule.from_smiles("[B-](F)(F)(F)F").embed(), "mmff")
    with pytest.raises(UnsupportedError, match="hydrogens are implicit"):
        refine(alanine.without_hydrogens())
    with pytest.raises(UnsupportedError, match="no 3D conformer"):
        refine(Molecule.from_smiles("CCO"))
    with pytest.raises(ConfigurationError, match="mmff, uff, xtb"):
        refine(alanine, "charmm")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="at least 1"):
        refine(alanine, max_iterations=0)


@pytest.mark.parametrize("method", METHODS)
def test_atoms_on_one_spot_give_an_answer(alanine: Molecule, method: Method) -> None:
    if method == "xtb" and shutil.which("xtb") is None:
        pytest.skip("the program xtb is not installed")
    collapsed = alanine.with_coordinates(np.zeros((alanine.num_atoms, 3)))
    try:
        refined = refine(collapsed, method)
    except RefinementError:
        return
    assert refined.molecule.coordinates is not None
    assert np.isfinite(refined.molecule.coordinates).all()


def test_xtb_is_asked_for_only_where_it_is(alanine: Molecule, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="not on the PATH"):
        refine(alanine, "xtb")


def test_a_program_that_hangs_or_fails_is_stopped(
    alanine: Molecule, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "xtb"
    for script, reason in (("exec /bin/sleep 30", "more than"), ("echo wrong >&2; exit 3", "exit status 3")):
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(refinement, "XTB_SECONDS", 0.5)
        with pytest.raises(RefinementError, match=reason):
            refine(alanine, "xtb")


@pytest.mark.skipif(shutil.which("xtb") is None, reason="the program xtb is not installed")
def test_xtb_reaches_its_own_minimum(alanine: Molecule) -> None:
    refined = refine(alanine, "xtb")
    assert refined.converged
    assert refined.energy_after < refined.energy_before
    assert 0.0 < refined.moved < 0.5
    assert refine(refined.molecule, "xtb").moved < 0.02


def test_trajectories() -> None:
    frame = "2\n energy: {} gnorm: 0.1 xtb: 6.5\nH 0 0 0\nH 0 0 {}\n"
    frames = read_trajectory(frame.format(-0.9, 0.7) + frame.format(-1.0, 0.74), 2)
    assert [energy for _, energy in frames] == [-0.9, -1.0]
    assert frames[-1][0][1, 2] == 0.74
    for broken in ("", "2\n no figure\nH 0 0 0\nH 0 0 1\n", frame.format("x", 1), frame.format(-1.0, "?")):
        with pytest.raises(RefinementError):
            read_trajectory(broken, 2)
