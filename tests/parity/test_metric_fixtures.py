"""Every metric fixture at hand, within its own tolerance."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.errors import UnsupportedError
from biomatrix.metrics.parity.checking import adapter_of, check_fixture
from biomatrix.metrics.parity.fixture_files import read_fixture

from ..conftest import shared_folder

FOLDER = (shared_folder() or Path()) / "parity" / "metrics"
FIXTURES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parity
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture(path: Path, shared: Path) -> None:
    try:
        adapter_of(read_fixture(path))
    except UnsupportedError as error:
        pytest.skip(str(error))
    checked = check_fixture(path)
    assert not [one for one in checked.values if one.outcome == "fail"]
    if not checked.count("pass"):
        pytest.skip(checked.values[0].reason)
