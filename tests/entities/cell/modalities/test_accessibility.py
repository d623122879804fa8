"""Open chromatin as tokens: exact to the bin and back, short in a locus, refused where it means nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import modality
from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.modalities.accessibility import CellAccessibility
from biomatrix.entities.cell.region_tokens import BIN
from biomatrix.entities.cell.regions import Regions
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import ConfigurationError, DecodeError, UnsupportedError


def cell_of(assembly: str, rows: list[tuple[int, int, int, float]]) -> Cell:
    """Return a cell whose open regions are (chromosome, start, end, count)."""
    chromosome, start, end, count = (np.array(part) for part in zip(*rows, strict=True))
    regions = Regions(assembly, chromosome.astype(np.int16), start, end, count.astype(np.float32))
    return Cell(np.empty(0, dtype=object), np.empty(0, dtype=np.float32), regions=regions)


def parts(cell: Cell) -> list[list[Any]]:
    assert cell.regions is not None
    one = cell.regions
    return [part.tolist() for part in (one.chromosome, one.start, one.end, one.count)]


def test_tokens_are_written_where_they_change() -> None:
    mine = modality("cell_accessibility")
    cell = cell_of("hg38", [(0, 0, 501, 1), (0, 1000, 1501, 2), (0, 500_000, 500_501, 1), (24, 16_400, 16_569, 1)])
    tokens = mine.encode(cell)
    assert "".join(tokens) == "<C chr1><T 0><B 0><B 2><T 1><B 0><C chrM><T 0><B 32>"
    assert mine.length(tokens) == 4
    assert mine.units(tokens)[:4] == [(), (), (0,), (1,)]
    assert parts(mine.decode(tokens))[1:3] == [[0, 1000, 500_000, 16_000], [500, 1500, 500_500, 16_500]]
    assert all(mine.token_pattern.fullmatch(token) and token in mine.vocabulary() for token in tokens)
    assert mine.split("".join(tokens)) == tokens


@pytest.mark.parametrize("levels", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_round_trip_is_exact_to_the_bin(levels: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mine = CellAccessibility(k=0, levels=levels)
    from biomatrix.entities.cell.assemblies import chromosome_lengths
    from biomatrix.entities.cell.overlaps import genomic_order

    chromosome = rng.integers(0, 25, 3000).astype(np.int16)
    end = (rng.random(3000) * (chromosome_lengths("hg38")[chromosome] - 1)).astype(np.int64) + 1
    start = np.maximum(end - rng.integers(1, 900, 3000), 0)
    order = genomic_order(chromosome, start, end)
    count = rng.integers(1, 20, 3000).astype(np.float32)
    regions = Regions("hg38", chromosome[order], start[order], end[order], count)
    cell = Cell(np.empty(0, dtype=object), np.empty(0, dtype=np.float32), regions=regions)
    tokens = mine.encode(cell)
    decoded = mine.decode(tokens)
    assert decoded.regions is not None
    middle = (regions.start + regions.end) // 2
    expected = {(int(c), int(m) // BIN) for c, m in zip(regions.chromosome, middle, strict=True)}
    found = [(int(c), int(s) // BIN) for c, s in zip(decoded.regions.chromosome, decoded.regions.start, strict=True)]
    assert set(found) == expected
    assert found == sorted(expected)
    assert mine.encode(decoded) == tokens
    assert mine.losses(cell) == ()


def test_real_cells_go_there_and_back_whatever_the_order_of_the_peaks(shared: Path) -> None:
    pytest.importorskip("anndata")
    import anndata

    from biomatrix.entities.cell.files.peaks import peaks_of

    path = shared / "data" / "single_cell" / "hematopoiesis_atac" / "hematopoiesis_atac.h5ad"
    adata = anndata.read_h5ad(path)
    shuffled = adata[:, np.random.default_rng(0).permutation(adata.n_vars)]
    mine = modality("cell_accessibility", assembly="hg19", k=0)
    regions = tokens_written = 0
    for cell, again in zip(peaks_of(adata, assembly="hg19"), peaks_of(shuffled, assembly="hg19"), strict=True):
        tokens = mine.encode(cell)
        assert mine.encode(again) == tokens
        assert mine.encode(mine.decode(tokens)) == tokens
        assert all(check.passed for check in mine.check(mine.decode(tokens)))
        regions, tokens_written = regions + mine.length(tokens), tokens_written + len(tokens)
    assert tokens_written <= 3 * regions
    with pytest.raises(UnsupportedError, match=r"lie on hg19 and hg38 is wanted.*liftOver.*or ask for assembly='hg19'"):
        modality("cell_accessibility").encode(cell)


@pytest.mark.parametrize("levels", [False, True])
def test_one_locus_takes_at_most_512_tokens(levels: bool) -> None:
    """Even where every base is open; the most open and nearest regions are kept."""
    mine = CellAccessibility(locus="CD3D", levels=levels)
    locus = mine.locus
    assert locus is not None
    starts = range(117_000_000, 119_000_000, BIN)
    cell = cell_of(
        "hg38", [(9, 1000, 1501, 9), *((10, start, start + BIN, 1 + (start == starts[1800])) for start in starts)]
    )
    tokens = mine.encode(cell)
    assert 500 < len(tokens) <= 512
    decoded = mine.decode(tokens).regions
    assert decoded is not None
    assert starts[1800] in decoded.start.tolist()
    distance = np.abs((decoded.start + decoded.end) // 2 - locus.centre)
    assert np.sort(distance)[-2] <= len(decoded) * BIN // 2 + BIN
    outside, past = mine.losses(cell)
    assert "open regions outside CD3D (chr11:117,842,704-118,842,705 of hg38) are left out" in outside
    assert past.endswith("most open are left out")


def test_the_most_open_are_written_and_no_chromosome_is_preferred_among_equals() -> None:
    rows = [
        (place, start, start + 501, 5.0 if start == 7_000 else 1.0)
        for place in range(24)
        for start in range(0, 90_000, 1000)
    ]
    mine = CellAccessibility(k=240)
    one = mine.decode(mine.encode(cell_of("hg38", rows))).regions
    assert one is not None
    assert len(one) == 240
    assert (one.start == 7_000).sum() == 24
    assert np.bincount(one.chromosome, minlength=24).min() >= 4


def test_levels_say_how_often_a_region_was_open() -> None:
    mine = CellAccessibility(levels=True)
    rows = [(0, 1000 * at, 1000 * at + 400, count) for at, count in enumerate((1, 2, 4, 8, 50))]
    tokens = mine.encode(cell_of("hg38", rows))
    assert [token for token in tokens if token.startswith("<N")] == [f"<N {level}>" for level in range(5)]
    assert parts(mine.decode(tokens))[3] == [1, 2, 3, 6, 12]


def test_a_declared_list_gives_one_token_a_region(tmp_path: Path) -> None:
    path = tmp_path / "ccres.bed"
    # The second lies within the first; the third touches it.
    path.write_text("chr1\t1000\t2000\tEH1\nchr1\t1400\t1600\tEH2\nchr1\t2000\t2300\tEH3\nchr3\t50\t400\tEH4\n")
    mine = modality("cell_accessibility", regions=path)
    for numbers in ([0], [1], [0, 1, 2, 3], [2, 3]):
        tokens = [f"<E {number}>" for number in numbers]
        assert mine.encode(mine.decode(tokens)) == tokens
    assert "EH2" in mine.describe("<E 1>")
    cell = cell_of("hg38", [(0, 1450, 1640, 1), (0, 1990, 2290, 1), (1, 50, 400, 1)])
    assert mine.encode(cell) == ["<E 1>", "<E 2>"]
    assert mine.losses(cell) == ("1 open regions outside the declared list are left out",)
    ids = SegmentIds(0, 1, {}, np.arange(2))
    with pytest.raises(ConfigurationError, match="no region of the list lies in"):
        CellAccessibility(regions=path, locus="chr7:1,000-2,000").automaton(ids)


@pytest.mark.parametrize(
    ("text", "position", "match"),
    [
        ("", 0, "no open region"),
        ("<C chr1>", 1, "no open region"),
        ("<T 3>", 0, "stands where a chromosome must"),
        ("<C chr1><B 3>", 1, "stands where a tile must"),
        ("<C chr1><T 3><B 5><B 5>", 3, "does not rise"),
        ("<C chr1><T 3><B 5><T 3><B 6>", 3, "does not rise"),
        ("<C chr2><T 3><B 5><C chr1>", 3, "does not rise"),
        ("<C chr1><T 3><B 5><C chr2>", 4, "end where a tile must stand"),
        ("<C chr21><T 94>", 1, "past the end of chr21"),
        ("<C chrM><T 0><B 34>", 2, "past the end"),
        ("<C chr1><T 3><B 1000>", 2, "past the end"),
        ("<C chr1><T 3><B 5><N 1>", 3, "stands where"),
        ("<C chr1><T 3><A M>", 2, "not a token of open regions"),
    ],
)
def test_what_is_no_list_of_regions_is_refused_with_its_place(text: str, position: int, match: str) -> None:
    mine = modality("cell_accessibility")
    with pytest.raises(DecodeError, match=match) as error:
        mine.decode(mine.split(text))
    assert error.value.position == position


def test_cells_without_open_regions_are_refused_by_name() -> None:
    mine = CellAccessibility(locus="CD3D")
    plain = Cell(np.array(["ENSG00000167286"], dtype=object), np.ones(1, dtype=np.float32))
    assert not mine.accepts(plain)
    with pytest.raises(UnsupportedError, match="nothing is known"):
        mine.encode(plain)
    with pytest.raises(UnsupportedError, match="no open region in CD3D"):
        mine.encode(cell_of("hg38", [(0, 10, 20, 1)]))
    with pytest.raises(ConfigurationError, match="k=-1 regions"):
        CellAccessibility(k=-1)


def test_a_vocabulary_opens_it_with_the_same_settings(tmp_path: Path) -> None:
    import json

    path = tmp_path / "ccres.bed"
    path.write_text("chr2\t100\t400\tEH2\nchr1\t5\t9\n")
    given: list[dict[str, Any]] = [{"locus": "CD3D", "levels": True}, {"regions": path, "k": 7}, {}]
    for settings in given:
        mine = CellAccessibility(**settings)
        again = CellAccessibility(**json.loads(json.dumps(mine.settings())))
        assert again.settings() == mine.settings()
        assert again.vocabulary() == mine.vocabulary()


def test_near_positions_begin_near() -> None:
    mine = modality("cell_accessibility")
    first, near, far, other = (mine.geometry(f"<{token}>") for token in ("B 10", "B 11", "B 900", "T 10"))
    assert first is not None
    assert near is not None
    assert far is not None
    assert other is not None
    distances = [float(np.linalg.norm(first - one)) for one in (near, far, other)]
    assert distances == sorted(distances)
    assert mine.geometry("<C chr1>") is None
