"""Vectors on disk: encoded once, whole after any kill, by one writer at a time."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.entities.encoder import DirectEncoder
from biomatrix.entities.files.in_use import held_alone
from biomatrix.errors import ConfigurationError, UnsupportedError, WeightsError
from biomatrix.soft.encoders import open_encoder
from biomatrix.soft.vectors import KEYS_FILE, VECTORS_FILE, VectorStore

MOLECULES = [bm.Molecule.from_smiles("C" * length + "O") for length in range(1, 101)]


@pytest.fixture
def encoder() -> Any:
    return open_encoder("morgan", bits=64)


def counted(encoder: Any) -> list[int]:
    """Let an encoder count how many entities it is given at each call."""
    calls: list[int] = []
    given = encoder.encode_each

    def encode_each(entities: Any, batch_size: int = 32) -> Any:
        calls.append(len(entities))
        return given(entities, batch_size)

    encoder.encode_each = encode_each
    return calls


def test_each_entity_is_encoded_once_and_read_as_it_was_made(encoder: Any, tmp_path: Path) -> None:
    calls, store = counted(encoder), VectorStore(tmp_path, encoder)
    again = bm.Molecule(MOLECULES[4].mol, "another name", ("a note",))
    added = store.add([*MOLECULES[:50], again], batch_size=2)
    assert (added.new, added.kept, added.refused) == (50, 1, [])
    assert store.add(iter(MOLECULES)).kept == 50
    assert sum(calls) == len(store) == 100
    reopened = VectorStore(tmp_path, encoder)
    expected = encoder.encode(MOLECULES)
    np.testing.assert_array_equal(reopened.rows([encoder.key(one) for one in MOLECULES]), expected)
    np.testing.assert_array_equal(reopened[again], expected[4])
    assert isinstance(reopened.vectors, np.memmap)
    assert not reopened.vectors.flags.writeable
    assert again in reopened
    assert bm.Molecule.from_smiles("N") not in reopened


def test_encoders_share_a_folder_and_do_not_see_each_other(encoder: Any, tmp_path: Path) -> None:
    other = open_encoder("morgan", bits=64, radius=3)
    VectorStore(tmp_path, encoder).add(MOLECULES[:3])
    assert len(VectorStore(tmp_path, other)) == 0
    with pytest.raises(ConfigurationError, match="encode it first"):
        VectorStore(tmp_path, other).rows([other.key(MOLECULES[0])])
    with pytest.raises(ConfigurationError, match="record 2"):
        VectorStore(tmp_path, encoder).rows([encoder.key(MOLECULES[0]), "no key"])


def test_a_reader_sees_what_a_writer_has_added(encoder: Any, tmp_path: Path) -> None:
    reader, writer = VectorStore(tmp_path, encoder), VectorStore(tmp_path, encoder)
    for stop in (10, 30):
        writer.add(MOLECULES[:stop])
        reader.refresh()
        assert len(reader) == stop
        np.testing.assert_array_equal(reader[MOLECULES[stop - 1]], encoder.encode([MOLECULES[stop - 1]])[0])


def test_a_process_that_loads_data_maps_the_files_for_itself(encoder: Any, tmp_path: Path) -> None:
    store = VectorStore(tmp_path, encoder)
    store.add(MOLECULES)
    sent = pickle.dumps(store)
    assert len(sent) < 4096  # the rows stay on disk
    np.testing.assert_array_equal(pickle.loads(sent).vectors, store.vectors)  # noqa: S301


class Odd(DirectEncoder):
    """Gives what no encoder should for some molecules."""

    kind, k, d, pooling, hash = "molecule", 1, 2, "none", "0" * 64

    def vectors_of(self, entity: Any) -> Any:
        bad = {2: [[np.nan, 1]], 3: [[0, 0]], 4: [[1, 2, 3]], 5: [[np.inf, 0]]}
        return np.array(bad.get(entity.num_atoms, [[1, entity.num_atoms]]), dtype=np.float32)


def test_vectors_that_say_nothing_are_refused_with_the_reason_and_the_number(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, Odd())
    added = store.add([*MOLECULES[:6], bm.Protein.from_sequence("MKT")])  # type: ignore[list-item]
    assert (added.new, [number for number, _ in added.refused]) == (2, [6, 0, 1, 2, 3])
    reasons = "; ".join(str(error) for _, error in added.refused)
    for word in ("NaN or infinity", "all zero", "shape (1, 3)", "not a protein"):
        assert word in reasons
    assert MOLECULES[0] not in store


KILLED = """
import os, signal, sys
import biomatrix as bm
from biomatrix.soft import vectors
from biomatrix.soft.encoders import open_encoder

write, calls, last = vectors._append_to_disk, [0], int(sys.argv[2])

def half(path, content):
    calls[0] += 1
    if calls[0] == last:
        write(path, content[: len(content) // 2 + 5])
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, content)

vectors._append_to_disk = half
molecules = [bm.Molecule.from_smiles("C" * length + "O") for length in range(1, 101)]
vectors.VectorStore(sys.argv[1], open_encoder("morgan", bits=64)).add(molecules, batch_size=1)
"""


@pytest.mark.parametrize("write", [1, 2, 5, 6])
def test_killed_in_the_middle_of_a_write_it_goes_on(encoder: Any, tmp_path: Path, write: int) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(write)], capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    store = VectorStore(tmp_path, encoder)
    kept = len(store)  # blocks of 16 that were whole, and the keys of the last that were written out
    assert kept == {1: 0, 2: 8, 5: 32, 6: 40}[write]
    calls = counted(encoder)
    added = store.add(MOLECULES)
    assert (added.new, added.kept, sum(calls)) == (100 - kept, kept, 100 - kept)
    np.testing.assert_array_equal(store.rows([encoder.key(one) for one in MOLECULES]), encoder.encode(MOLECULES))
    assert (store.folder / VECTORS_FILE).stat().st_size == 100 * 64 * 4
    assert (store.folder / KEYS_FILE).stat().st_size == 100 * 32


SLOW = """
import sys, time
import biomatrix as bm
from biomatrix.soft.encoders import open_encoder
from biomatrix.soft.vectors import VectorStore

def slowly():
    for length in range(1, 101):
        time.sleep(0.01)
        yield bm.Molecule.from_smiles("C" * length + "O")

VectorStore(sys.argv[1], open_encoder("morgan", bits=64)).add(slowly(), batch_size=1)
"""


def test_one_writes_at_a_time_and_a_kill_from_outside_frees_the_folder(encoder: Any, tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path)])
    keys = VectorStore(tmp_path, encoder).folder / KEYS_FILE
    try:
        end = time.monotonic() + 120
        while not (keys.is_file() and keys.stat().st_size) and time.monotonic() < end:
            time.sleep(0.01)
        with pytest.raises(ConfigurationError, match="another process encodes into it"):
            VectorStore(tmp_path, encoder).add(MOLECULES)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    store = VectorStore(tmp_path, encoder)
    kept = len(store)
    assert 0 < kept < 100
    assert store.add(MOLECULES).kept == kept
    np.testing.assert_array_equal(store.rows([encoder.key(one) for one in MOLECULES]), encoder.encode(MOLECULES))


def test_another_writer_in_this_process_is_refused_too(encoder: Any, tmp_path: Path) -> None:
    store = VectorStore(tmp_path, encoder)
    with held_alone(store.folder, "held"), pytest.raises(ConfigurationError, match="another process"):
        store.add(MOLECULES)


@pytest.mark.parametrize(("name", "message"), [("d", "have the d 65"), ("layout", "have the layout 65")])
def test_what_is_of_another_shape_is_refused(encoder: Any, tmp_path: Path, name: str, message: str) -> None:
    store = VectorStore(tmp_path, encoder)
    store.add(MOLECULES[:4])
    path = store.folder / "encoder.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: 65}))
    with pytest.raises(WeightsError, match=message):
        VectorStore(tmp_path, encoder)


def test_damage_is_refused(encoder: Any, tmp_path: Path) -> None:
    store = VectorStore(tmp_path, encoder)
    store.add(MOLECULES[:4])
    rows, keys = store.folder / VECTORS_FILE, store.folder / KEYS_FILE
    rows.write_bytes(rows.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="cut short: 3 rows of the 4"):
        VectorStore(tmp_path, encoder)
    keys.write_bytes(keys.read_bytes()[:32] * 2)
    with pytest.raises(WeightsError, match="a key stands twice"):
        VectorStore(tmp_path, encoder)


def test_an_entity_without_vectors_is_refused_by_its_kind(encoder: Any, tmp_path: Path) -> None:
    store = VectorStore(tmp_path, encoder)
    with pytest.raises(UnsupportedError, match="takes a molecule, not a protein"):
        _ = store[bm.Protein.from_sequence("MKT")]
