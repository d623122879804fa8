"""The kind joins from outside, keeps its entities, and the package does not know it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import biomatrix
from biomatrix.entities import Kind, kind_of
from biomatrix.errors import ParseError
from biomatrix_ct import CT, Image

PLUGIN = Path(__file__).resolve().parents[1]


def test_it_is_registered_and_keeps_its_entities(ct: Kind, chest: Image) -> None:
    assert kind_of(chest) is ct
    placed = Image(chest.values, chest.spacing, affine=np.diag([1.5, 1.5, 3.0, 1.0]))
    read_back = ct.from_bytes(ct.to_bytes(placed))
    assert isinstance(read_back, Image)
    np.testing.assert_array_equal(read_back.affine, placed.affine)
    again = ct.from_bytes(ct.to_bytes(chest), "other")
    assert isinstance(again, Image)
    np.testing.assert_array_equal(again.values, chest.values)
    assert (ct.identity(again), again.spacing, again.name) == (ct.identity(chest), chest.spacing, "other")
    assert ct.identity(chest) != ct.identity(Image(chest.values, (9.0, 9.0)))
    assert "256 x 256" in ct.text(chest)
    assert "data:image/png;base64" in str(ct.picture(chest))
    for text in ("", "scan"):
        with pytest.raises(ParseError, match="not typed"):
            ct.parse(text)
    for data in (b"", b"{}\n", b"[1]\n1234", ct.to_bytes(chest)[:-4]):
        with pytest.raises(ParseError):
            ct.from_bytes(data)


def test_the_package_does_not_know_it() -> None:
    source = Path(biomatrix.__file__).parent
    assert not [path for path in source.rglob("*.py") if "biomatrix_ct" in path.read_text(encoding="utf-8")]


def test_the_entry_point_names_the_kind() -> None:
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["biomatrix.kinds"] == {"ct": "biomatrix_ct:CT"}
    assert CT.name == "ct"


def test_importing_it_loads_no_network_and_no_reader() -> None:
    code = "import sys, biomatrix_ct; print(sorted({'torch', 'pydicom', 'nibabel', 'PIL', 'typer'} & set(sys.modules)))"
    paths = [str(PLUGIN / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "[]\n"


def test_files_and_functions_stay_short() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in PLUGIN.rglob("*.py")}
    assert max(lengths.values()) <= 300, lengths
