"""A service over the shipped model, in this process."""

from __future__ import annotations

import pytest

from biomatrix.generation import load
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.parsing import DirectParser
from biomatrix.serving.service import Service


@pytest.fixture(scope="session")
def service() -> Service:
    """The shipped model with the usual limits."""
    limits = ServingLimits()
    return Service(load("nano"), DirectParser(limits), limits)
