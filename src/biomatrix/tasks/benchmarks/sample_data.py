"""Small samples in the official formats that come with the package, a folder for each source."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import DataSet

SAMPLES: Final = Path(__file__).with_name("samples")
"""A folder for each source: rows that show a form, and measure nothing."""


def sample_folder(data: DataSet) -> Path:
    """Return the folder of the sample of a data set; ConfigurationError where there is none."""
    folder = SAMPLES / data.source.name
    if not folder.is_dir():
        raise ConfigurationError(
            f"no sample of {data.source.name!r} comes with the package; name the folder of its data with --from"
        )
    return folder
