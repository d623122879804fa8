"""Outside text costs its own worker and nothing else: bombs, hangs and deaths beside requests that are answered."""

from __future__ import annotations

import gzip
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities import Molecule, kind, kind_of
from biomatrix.entities.samples import Sample
from biomatrix.entities.stopping import stopped_by
from biomatrix.errors import BioMatrixError, LimitError, ParseError
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.parsing_pool import ParsingPool
from biomatrix.serving.watching import Stopped, Watch

SECONDS = 1.5
COMPUTE_SECONDS = 60.0
ATOM = "ATOM  {:>5d}  CA  ALA A{:>4d}    {:8.3f}{:8.3f}{:8.3f}  1.00  0.00           C\n"


@pytest.fixture(scope="module")
def lost() -> list[str]:
    return []


@pytest.fixture(scope="module")
def pool(lost: list[str]) -> Iterator[ParsingPool]:
    limits = ServingLimits(
        parse_seconds=SECONDS, compute_seconds=COMPUTE_SECONDS, parse_bytes=2**30, request_bytes=64 * 2**20
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).with_name("troublesome")))
        patch.setenv("BIOMATRIX_KINDS", "trouble:TROUBLE")
        patch.setenv("BIOMATRIX_API_KEY", "secret")
        with ParsingPool(limits, 2, lambda seconds, reason: lost.append(reason) if reason else None) as pool:
            pool.wait_until_ready()
            pool.parse("CCO", "molecule")
            yield pool


def test_what_comes_back_is_what_a_reader_in_this_process_gives(pool: ParsingPool) -> None:
    aspirin = Molecule.from_smiles("CC(=O)Oc1ccccc1C(=O)O", "aspirin").embed(seed=0)
    molecule = kind("molecule")
    (read,) = pool.read(molecule.record_bytes(aspirin, "sdf"), "sdf")
    assert read.name == "aspirin"
    here, there = molecule.points(aspirin), molecule.points(read)
    assert here is not None
    np.testing.assert_allclose(here, there, atol=1e-4)
    assert pool.parse("C[C@H](N)O", "molecule").smiles == Molecule.from_smiles("C[C@H](N)O").smiles  # type: ignore[attr-defined]
    assert len(pool.read(b">a\nMKTAYIAKQR\n>b\nGGGG\n", "fasta")) == 2


def test_errors_keep_their_place_and_name_no_file(pool: ParsingPool) -> None:
    with pytest.raises(ParseError) as refused:
        pool.parse("CC(C", "molecule")
    assert "character 3" in refused.value.message
    for content, file_format in ((b"nonsense", "sdf"), (b"", "pdb"), (gzip.compress(b"x")[:-4], "sdf")):
        with pytest.raises(BioMatrixError) as broken:
            pool.read(content, file_format)
        assert "/" not in str(broken.value)


@pytest.mark.parametrize(
    ("text", "reason"), [("hang", "too slow"), ("spin", "too slow"), ("die", "died"), ("swell", "memory")]
)
def test_a_worker_that_is_lost_costs_one_request(pool: ParsingPool, lost: list[str], text: str, reason: str) -> None:
    answers: list[float] = []

    def ask() -> None:
        began = time.monotonic()
        pool.parse("CCO", "molecule")
        answers.append(time.monotonic() - began)

    others = [threading.Thread(target=ask) for _ in range(8)]
    began = time.monotonic()
    for thread in others:
        thread.start()
    with pytest.raises(LimitError) as refused:
        pool.parse(text, "trouble")
    for thread in others:
        thread.join()
    assert time.monotonic() - began < SECONDS + 5
    assert refused.value.limit == ("parse_seconds" if reason == "too slow" else "parse_bytes")
    actual, allowed = refused.value.actual, refused.value.allowed
    assert (actual is not None and SECONDS <= actual < SECONDS + 5) if reason == "too slow" else actual is None
    assert allowed == (SECONDS if reason == "too slow" else 2**30)
    assert lost[-1] == reason
    assert len(answers) == len(others)
    began = time.monotonic()
    assert pool.parse("fine", "trouble").text == "fine"  # type: ignore[attr-defined]
    assert time.monotonic() - began < 2.0  # the next worker is forked, not started


def test_a_fault_of_a_reader_is_the_senders_to_know(pool: ParsingPool) -> None:
    with pytest.raises(ParseError, match="RuntimeError"):
        pool.parse("fail", "trouble")


def test_workers_see_no_keys(pool: ParsingPool) -> None:
    assert "API_KEY" not in pool.parse("environment", "trouble").text  # type: ignore[attr-defined]


def test_bombs_and_giants_are_refused(pool: ParsingPool) -> None:
    million = "".join(ATOM.format(n % 100_000, n // 10 % 10_000, n % 90, 1.0, 2.0) for n in range(50_000)).encode() * 16
    bombs = [
        (gzip.compress(b"C" * 2**26, 1), "smi"),
        (gzip.compress(b"ATOM  " * 2**24, 1), "pdb"),
        (million[: 60 * 2**20], "pdb"),
        (b"C\n" * 5_000, "smi"),
    ]
    for content, file_format in bombs:
        began = time.monotonic()
        with pytest.raises(BioMatrixError):
            pool.read(content, file_format)
        assert time.monotonic() - began < SECONDS + 3
    for text in ("C(" * 50_000, "[" * 100_000, "(" * 199_999):
        with pytest.raises(BioMatrixError):
            pool.parse(text, "molecule")
    with pytest.raises(BioMatrixError):
        pool.try_constraint("contains=" + "[$(" * 3_000)
    assert pool.parse("CCO", "molecule").smiles == "CCO"  # type: ignore[attr-defined]


def test_a_system_short_of_memory_ends_readers_first(pool: ParsingPool) -> None:
    pool.parse("CCO", "molecule")
    readers = [worker.pid for worker in pool._readers.slots.queue if worker is not None]
    assert readers
    for pid in readers:
        assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "1000"
    assert Path("/proc/self/oom_score_adj").read_text().strip() != "1000"


def test_a_file_without_a_name_gives_none_to_what_it_holds(pool: ParsingPool) -> None:
    lines = "".join(ATOM.format(number, number, 3.8 * number, 0.0, 0.0) for number in range(1, 5))
    (alone,) = pool.read(f"{lines}END\n".encode(), "pdb")
    assert alone.name == ""
    both = lines + lines.replace("ALA A", "ALA B").replace("   0.000   0.000", "   0.000  20.000")
    assert [one.name for one in pool.read(f"{both}END\n".encode(), "pdb")] == ["A", "B"]


def test_a_worker_opens_no_file_that_a_constraint_names(pool: ParsingPool, tmp_path: Path) -> None:
    file = tmp_path / "secret.pdb"
    file.write_text("ATOM  SECRET\n")
    with pytest.raises(BioMatrixError, match="a server opens none") as caught:
        pool.try_constraint(f"structure={file}:10-20")
    assert "SECRET" not in caught.value.message


def test_a_worker_writes_what_it_would_take_long_to_lay_out(pool: ParsingPool) -> None:
    entity = pool.parse("C" * 300, "molecule")
    assert pool.write(entity, "smi") == kind_of(entity).sample_bytes([Sample(entity, 1)], "smi")
    with pytest.raises(LimitError):
        pool.write(pool.parse("C(C)" * 500, "molecule"), "sdf")  # a layout of four times the limit
    assert kind_of(entity).picture(pool.parse(".".join("C" * 301), "molecule")) is None


def test_a_nursery_that_was_ended_is_started_anew() -> None:
    with ParsingPool(ServingLimits(), workers=1) as pool:
        assert pool.parse("CCO", "molecule").smiles == "CCO"  # type: ignore[attr-defined]
        (worker,) = pool._readers.slots.queue
        assert worker is not None
        os.kill(pool._nursery._process.pid, signal.SIGKILL)
        pool._nursery._process.wait()
        with suppress(ProcessLookupError):  # it may end with the nursery
            os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(LimitError, match="ended the reader"):
            pool.parse("CC", "molecule")
        assert pool.parse("CCC", "molecule").smiles == "CCC"  # type: ignore[attr-defined]


def test_computing_gives_what_this_process_would(pool: ParsingPool) -> None:
    aspirin = Molecule.from_smiles("CC(=O)Oc1ccccc1C(=O)O", "aspirin")
    molecule = kind("molecule")
    there, how = pool.completed(aspirin, 3)
    here, said = molecule.completed(aspirin, 3)
    assert (there.name, there.notes, how) == (here.name, here.notes, said)
    np.testing.assert_allclose(molecule.points(there), molecule.points(here), atol=1e-4)
    assert pool.further_checks(there) == list(molecule.further_checks(there))


@pytest.mark.parametrize("work", ["completed", "further_checks"])
def test_what_is_computed_is_ended_and_nobody_who_reads_waits_for_it(
    pool: ParsingPool, lost: list[str], work: str
) -> None:
    spin = pool.parse("fine", "trouble")
    object.__setattr__(spin, "text", "spin")
    pool._computers.seconds, before = 2.0, pool._computers.seconds
    refused: list[BaseException] = []

    def ask() -> None:
        try:
            getattr(pool, work)(spin)
        except BioMatrixError as error:
            refused.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    began = time.monotonic()
    assert pool.parse("CCO", "molecule").smiles == "CCO"  # type: ignore[attr-defined]
    assert time.monotonic() - began < 1.0
    for thread in threads:
        thread.join(10)
    pool._computers.seconds = before
    assert [getattr(error, "limit", None) for error in refused] == ["compute_seconds"] * 2
    assert lost[-2:] == ["too slow"] * 2


def test_a_new_worker_holds_what_is_slow_to_load() -> None:
    """Such as the table that tells genes from other words, which takes seconds where each worker reads it."""
    with ParsingPool(ServingLimits(parse_seconds=120), workers=2) as pool:
        pool.parse("C", "molecule")  # waits until the nursery has read it
        assert len(os.listdir(f"/proc/{pool._nursery._process.pid}/task")) == 1  # or it must not fork
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(ParseError):
                pool.parse("nonsense", "cell")
            assert time.monotonic() - began < 1.5


def test_what_nobody_waits_for_is_ended_at_once(pool: ParsingPool, lost: list[str]) -> None:
    spin = pool.parse("fine", "trouble")
    object.__setattr__(spin, "text", "spin")
    watch = Watch()
    threading.Timer(0.3, watch.stop).start()
    began = time.monotonic()
    with pytest.raises(Stopped), stopped_by(watch.check):
        pool.completed(spin)
    assert time.monotonic() - began < 2.0
    assert lost[-1] == "stopped"
    assert pool.completed(Molecule.from_smiles("CCO"))[0].has_structure
