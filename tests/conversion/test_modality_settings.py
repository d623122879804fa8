"""Settings of modalities on the command line: typed by the constructor, kept in every line and read back from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.conversion.decoding import decode_line
from biomatrix.conversion.reading import Line, read_lines
from biomatrix.entities.modality_registry import modality, modality_class, modality_names
from biomatrix.entities.modality_settings import given_settings, modality_of_record, setting_types, settings_record
from biomatrix.errors import ConfigurationError, DecodeError

SYMBOLS = ["CD3D", "LYZ", "MS4A1", "NKG7", "GNLY", "CD79A", "CST3", "IL7R"]


def encoded(file: Path, *words: str) -> list[Line]:
    output = file.with_suffix(".jsonl")
    done = CliRunner().invoke(app, ["encode", str(file), "-o", str(output), "-q", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    lines = list(read_lines(str(output)))
    assert all(isinstance(line, Line) for line in lines)
    return lines  # type: ignore[return-value]


def anndata_of(counts: Any, names: list[str], path: Path) -> Path:
    anndata, pd = pytest.importorskip("anndata"), pytest.importorskip("pandas")
    anndata.AnnData(np.asarray(counts, np.float32), var=pd.DataFrame(index=names)).write_h5ad(path)
    return path


def test_cells_are_written_and_read_as_asked(tmp_path: Path) -> None:
    counts = np.random.default_rng(3).poisson(4.0, (3, len(SYMBOLS))) + 1
    file = anndata_of(counts, SYMBOLS, tmp_path / "cells.h5ad")
    asked = ["--setting", "cell_expression.layout=genes", "--setting", "cell_expression.k=5"]
    for line in encoded(file, "-m", "cell_expression", *asked, "--setting", "cell_expression.depth=no"):
        assert line.settings is not None
        assert (line.settings["layout"], line.settings["k"], line.settings["depth"]) == ("genes", 5, False)
        cell, one = decode_line(line)
        assert dict(one.settings()) == line.settings
        assert len(one.encode(cell)) == line.text.count("<G ") == 5
    assert all(line.settings is None for line in encoded(file, "-m", "cell_expression"))


def test_open_regions_of_another_genome_are_read_back_on_it(tmp_path: Path) -> None:
    file = anndata_of([[1, 0], [1, 2]], ["chr1:9000-9501", "chr2:100-600"], tmp_path / "peaks.h5ad")
    asked = ["--assembly", "hg19", "--setting", "cell_accessibility.assembly=hg19"]
    lines = encoded(file, "-m", "cell_accessibility", *asked)
    assert len(lines) == 2
    for line in lines:
        cell, _ = decode_line(line)
        assert cell.regions.assembly == "hg19"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cell_expression.k"], "MODALITY.NAME=VALUE"),
        (["k=3"], "MODALITY.NAME=VALUE"),
        (["cell_expression.k=many"], "valid integer"),
        (["cell_expression.layout=pears"], "'genes', 'pairs' or 'runs'"),
        (["cell_expression.kk=3"], "no setting 'kk'.*k"),
        (["cell_expression.k=3", "cell_expression.k=4"], "twice"),
        (["protein_sequence.k=3"], "takes no settings"),
        (["cell_expresion.k=3"], "no modality named"),
    ],
)
def test_words_that_fit_nothing_are_refused(words: list[str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        given_settings(words)


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("cell_accessibility", {"regions": "/etc/passwd"}),
        ("cell_accessibility", {"regions": ["chr1\t0\t500"] * 2000}),
        ("cell_accessibility", {"assembly": "hg99"}),
        ("cell_expression", {"k": "x"}),
        ("cell_expression", {"levels": 10**9}),
        ("cell_expression", {"no": 1}),
        ("protein_sequence", {"tokenizer": "x"}),
    ],
)
def test_a_line_cannot_make_its_reader_do_what_it_likes(name: str, record: dict[str, Any]) -> None:
    with pytest.raises(DecodeError, match=r"\"settings\" of the line"):
        modality_of_record(name, record)


def test_settings_of_every_modality_come_back_from_json() -> None:
    for name in modality_names():
        one = modality(name)
        assert settings_record(one) == {}
        told = json.loads(json.dumps(dict(one.settings())))
        assert set(told) <= set(setting_types(modality_class(name)))
        assert dict(modality_of_record(name, told).settings()) == told


def test_settings_of_what_is_not_written_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("CCO\n")
    arguments = ["encode", str(tmp_path / "a.smi"), "--setting", "cell_expression.k=5"]
    with pytest.raises(ConfigurationError, match="given for cell_expression, which is not written"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
