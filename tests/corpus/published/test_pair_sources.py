"""Published sources of pairs: both partners in the frame of their files."""

from __future__ import annotations

import gzip
import json
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biomatrix.corpus.records import INTERACTION, records_from_table, records_to_table
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import open_source
from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ConfigurationError

from .conftest import Reading

A, B = "MKTAYIAKQRQISFVKSHFSRQLEERLG", "GSHMLEDPVDAFKLIEEGKAGYLTDLEK"
POSE = "MADE_UP_1_28_0/9zz1_A_rec_9zz4_tyl_lig_tt_docked"


def test_crossdocked_poses_stand_in_the_receptors_frame(read: Reading) -> None:
    records, reasons = read("crossdocked2020")
    assert list(records) == [f"{POSE}:0", f"{POSE}:2"]
    assert records[f"{POSE}:0"].fields == {"affinity": "5.40", "rmsd": "0.35", "vina_score": "-6.10"}
    assert records[f"{POSE}:2"].fields == {"rmsd": "1.20", "vina_score": "-5.90"}  # an affinity of 0 is unknown
    first, second = (record.parts for record in records.values())
    assert isinstance(first["ligand"], Molecule)
    assert isinstance(first["protein"], Protein)
    assert first["protein"].sequence == A  # the nearest of two chains
    shift = second["ligand"].coordinates - first["ligand"].coordinates
    assert np.allclose(shift.mean(axis=0), [1.5, 0, 0], atol=1e-3)  # 0.5 and then 1 Angstrom
    assert np.linalg.norm(first["protein"].backbone.mean(axis=(0, 1))[:2] - [8, 0]) < 1
    assert reasons == {
        f"{POSE}:1": "more than 2 Angstrom from the pose in the crystal",
        f"{POSE}:7": "no pose 7 in 9zz1_A_rec_9zz4_tyl_lig_tt_docked.sdf.gz",
        "../../y:0": "a path that leads out of the folder: '../../y.sdf'",
        "it2_tt_v1.3_completeset_train0.types:6": (
            "2 columns, where a types file has label, pK, RMSD, receptor and ligand"
        ),
    }
    assert records_from_table(records_to_table(records.values()))[0].parts.keys() == first.keys()


def test_crossdocked_reads_a_list_of_pockets(read: Reading) -> None:
    records, reasons = read("crossdocked2020", files=["crossdocked2020/test_list.tsv"])
    assert not reasons
    (record,) = records.values()
    assert record.parts["protein"].sequence == A[:12]


def test_crossdocked_reads_an_official_pocket(shared: Path, read: Reading, tmp_path: Path) -> None:
    folder = tmp_path / "crossdocked2020"
    pocket = folder / "crossdocked_pocket10/P"
    pocket.mkdir(parents=True)
    name = "1h36_A_rec_1h36_r88_lig_tt_docked_0"
    for file in (f"{name}.sdf", f"{name}_pocket10.pdb.gz"):
        shutil.copyfile(shared / "data/interaction/complexes/files/targetdiff" / file, pocket / file)
    (folder / "list.tsv").write_text(f"Protein\tLigand\nP/{name}_pocket10.pdb\tP/{name}.sdf\n")
    records, reasons = read("crossdocked2020", tmp_path, files=["crossdocked2020/list.tsv"])
    assert not reasons
    (record,) = records.values()
    gaps = record.parts["ligand"].coordinates[:, None] - record.parts["protein"].backbone[:, 1][None]
    assert np.nanmin(np.linalg.norm(gaps, axis=-1)) < 10  # Angstrom: a pocket of residues within 10


def test_crossdocked_refuses_pickled_values(tmp_path: Path) -> None:
    lmdb = pytest.importorskip("lmdb")
    (tmp_path / "crossdocked2020").mkdir()
    path = tmp_path / "crossdocked2020/crossdocked_v1.1_rmsd1.0_pocket10_processed_final.lmdb"
    with lmdb.open(str(path), subdir=False, map_size=1 << 20) as environment, environment.begin(write=True) as writing:
        writing.put(b"0", pickle.dumps({"ligand_pos": [0.0]}))
    source = open_source(SourceRecipe(name="crossdocked2020", files=["crossdocked2020/*.lmdb"]), tmp_path)
    with pytest.raises(ConfigurationError, match="pickled Python objects, which can run code"):
        source.open_tables()


def test_alphaseq_pairs(read: Reading, samples: Path, tmp_path: Path) -> None:
    records, reasons = read("alphaseq")
    (record,) = records.values()
    assert record.kind == INTERACTION
    assert record.fields == {"log_kd": "1.250"}
    assert [part.sequence for part in record.parts.values()] == [A, B]
    assert reasons["YM_0001:2"] == "no affinity was measured"
    assert "no amino acid" in reasons["YM_0001:3"]
    columns = ("mata_description", "mata_sequence", "matalpha_description", "matalpha_sequence", "alphaseq_affinity")
    (tmp_path / "alphaseq/YM_0001").mkdir(parents=True)
    row = dict(zip(columns, ("binder_1", A, "target_1", B, 1.25), strict=True))
    table = pa.Table.from_pylist([row, {**row, "alphaseq_affinity": None}, {**row, "mata_sequence": "MK1T"}])
    pq.write_table(table, tmp_path / "alphaseq/YM_0001/data.parquet")
    other, other_reasons = read("alphaseq", tmp_path)
    assert other_reasons == reasons
    assert [one.fields for one in other.values()] == [record.fields]


def test_ppiref_pairs(read: Reading, samples: Path) -> None:
    records, reasons = read("ppiref")
    (record,) = records.values()
    assert record.id == "9zz1_A_C"
    assert [part.sequence for part in record.parts.values()] == [A, B]
    centres = [part.backbone.mean(axis=(0, 1)) for part in record.parts.values()]
    assert abs(np.linalg.norm(centres[1] - centres[0]) - 10) < 0.5
    assert reasons == {"9zz2_A_B": "1 protein chains in the file, where its name says two"}


def test_ppiref_names_are_entry_and_two_chains(shared: Path) -> None:
    listed = json.loads(
        gzip.decompress((shared / "data/interaction/ppiref/ppiref_6A_filtered_clustered_04.json.gz").read_bytes())
    )
    names = next(iter(listed["folds"].values())) if "folds" in listed else next(iter(listed.values()))
    assert len(names) > 1000
    wrong = [name for name in names if len(name.split("_")) != 3 or not re.match(r"^[0-9a-z]{4}_", name)]
    assert not wrong
