"""Official files that are cut in the middle: an error or a reject that says where, never fewer rows without a word."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from biomatrix.errors import BioMatrixError
from biomatrix.tasks.benchmarks.benchmark import DataSet
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import load_examples
from biomatrix.tasks.benchmarks.registry import benchmark
from biomatrix.tasks.benchmarks.sample_data import sample_folder

FILES = [
    ("mol3d_cond_mu", "gdb9.sdf"),
    ("mol3d_cond_mu", "gdb9.sdf.csv"),
    ("mol_edit_delcomp", "MolEdit/DelComponent/test.csv"),
    ("mol_opt_molopt_qed", "testset.csv"),
    ("mol_name_i2f", "raw/test/name_conversion-i2f.jsonl"),
    ("mol_uncond_moses", "data/dataset_v1.csv"),
    ("inter_yeast_ppi", "yeast_ppi/yeast_ppi_test.lmdb/data.mdb.gz"),
    ("prot_t2p_cameo", "test.json"),
    ("prot_go_casp", "OPI_DATA/AP/GO/test/CASPSimilarSeq_go_terms_test.jsonl"),
    ("prot3d_folding", "data-bin/metadata/pdb_date.csv"),
]
"""One of each form. Where a line holds one string, nobody can tell that the last one was longer."""


def read(data: DataSet, folder: Path) -> tuple[int, list[str]]:
    """Return how many rows were read, and what was said of the others."""
    rows, said = 0, []
    try:
        for row in load_examples(data, folder):
            rows += isinstance(row, Example)
            said += [] if isinstance(row, Example) else [str(row)]
    except BioMatrixError as error:
        said.append(str(error))
    return rows, said


@pytest.mark.parametrize(("name", "file"), FILES)
@pytest.mark.parametrize("share", [0.45, 0.8])
def test_a_cut_file_never_gives_fewer_rows_without_a_word(name: str, file: str, share: float, tmp_path: Path) -> None:
    data = benchmark(name).data
    folder = Path(shutil.copytree(sample_folder(data), tmp_path / "source"))
    _, said = read(data, folder)
    path = folder / (file if (folder / file).is_file() else f"{file}.gz")
    content = path.read_bytes()
    end = int(len(content) * share)
    end += content[end - 1 : end] == b"\n"  # within a line
    path.write_bytes(content[:end])
    _, faults = read(data, folder)
    new = [fault for fault in faults if fault not in said]
    assert new
    assert any(Path(file).name.split(".")[0].partition("_")[0] in fault for fault in new)
