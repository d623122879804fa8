"""Names of genes, of any age, and the Ensembl ids they stand for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities.cell.genes import gene_table, resolve
from biomatrix.entities.cell.genes.aliases import aliases
from biomatrix.errors import ParseError, UnsupportedError


def symbols_of(names: list[str]) -> list[str]:
    """Return the current symbol of what each name resolves to, "" where it resolves to nothing."""
    table = gene_table()
    found = resolve(names, refused_below=0.0)
    return [str(table.symbol[table.rows[gene]]) if gene else "" for gene in found.ensembl_ids]


def columns_of(shared: Path, study: str) -> tuple[list[str], list[str]]:
    """Return the names and the Ensembl ids of the columns of a study."""
    anndata = pytest.importorskip("anndata")
    var = anndata.read_h5ad(shared / "data" / "single_cell" / study / f"{study}.h5ad").var
    return list(var.index), var["ensembl_id"].tolist()


def test_old_symbols_of_blood_cells_are_settled(shared: Path) -> None:
    names, ids = columns_of(shared, "pbmc_three_chemistries")
    found = resolve(names)
    assert len(names) - found.counts["symbol"] == 347
    assert found.counts["alias"] == 82
    known = [(gene, given) for gene, given in zip(found.ensembl_ids, ids, strict=True) if gene and given]
    assert len(known) == 1425
    assert all(gene == given for gene, given in known)
    assert np.array_equal(resolve(names, ids).ensembl_ids, found.ensembl_ids)


def test_aliases_agree_with_the_ids_of_a_file_and_retired_ids_follow_the_symbol(shared: Path) -> None:
    names, ids = columns_of(shared, "kang_ifnb")
    current = gene_table().rows_of_symbol
    assert sum(name not in current for name in names) == 153
    by_name, by_id = resolve(names), resolve(names, ids)
    settled = np.flatnonzero(by_name.how == "alias")
    assert len(settled) == 57
    assert [by_name.ensembl_ids[at] for at in settled] == [ids[at] for at in settled]
    followed = [name for name, how in zip(names, by_id.how, strict=True) if how == "retired id" and name in current]
    assert followed == ["MARCKS", "SOD2", "CCL3", "CCL4", "PSMB3", "MIR142"]
    assert [name for name, gene in zip(names, by_id.ensembl_ids, strict=True) if not gene] == ["LILRA3_ENSG00000170866"]
    assert any("retired" in note for note in by_id.notes)


def test_the_current_symbol_wins_over_an_alias_of_another_gene() -> None:
    current = gene_table().rows_of_symbol
    rows = [(name, target) for name, targets in aliases().hgnc.items() for target in targets if name in current]
    assert len(rows) == 693
    names = sorted({name for name, _ in rows})
    assert symbols_of(names) == names


def test_an_alias_of_several_genes_is_refused() -> None:
    several = {name: found for name, found in aliases().hgnc.items() if len(found) > 1}
    assert sum(len(found) - 1 for found in several.values()) == 2046
    names = [name for name in several if name not in gene_table().rows_of_symbol]
    found = resolve(names, refused_below=0.0)
    assert set(found.how) == {"ambiguous"}
    assert dict(found.ambiguous) == {name: several[name] for name in names}


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("CD3D", "CD3D"),
        ("ENSG00000167286", "CD3D"),
        ("ENSG00000167286.10", "CD3D"),
        ("CD3D|ENSG00000167286", "CD3D"),
        ("ENSG00000167286.10_CD3D", "CD3D"),
        ("TXNIP_ENSG00000117289", "TXNIP"),
        ("GRCh38_CD3D", "CD3D"),
        (" cd3d ", "CD3D"),
        ("SEPT7", "SEPTIN7"),
        ("sept7", "SEPTIN7"),
        ("7-Sep", "SEPTIN7"),
        ("Sep-07", "SEPTIN7"),
        ("2021-09-07", "SEPTIN7"),
        ("1-Mar", ""),
        ("MARCH1", "MARCHF1"),
        ("H3F3A", "H3-3A"),
        ("C1ORF56", "C1orf56"),
        ("ENSG00000002586_PAR_Y", "CD99"),
        ("ENSGR0000002586", "CD99"),
        ("mm10___Cd3d", ""),
        ("ENSMUSG00000032094", ""),
        ("44256", ""),
        ("CD3D-1", ""),
    ],
)
def test_forms_of_names(name: str, symbol: str) -> None:
    assert symbols_of([name]) == [symbol]


def test_no_two_columns_are_one_gene_and_the_surer_name_has_it_in_any_order() -> None:
    names = ["cd3d", "CD3D", "ENSG00000167286.3", "SEPT7", "SEPTIN7"]
    expected = {"cd3d": "", "CD3D": "", "ENSG00000167286.3": "ENSG00000167286", "SEPT7": ""}
    for order in (names, names[::-1]):
        found = dict(zip(order, resolve(order).ensembl_ids, strict=True))
        assert {name: found[name] for name in expected} == expected
        assert found["SEPTIN7"] == "ENSG00000122545"


def test_one_symbol_of_two_genes_goes_by_policy_or_by_the_id() -> None:
    table = gene_table()
    coding = table.symbol[table.biotype == "protein_coding"]
    assert len(coding) - len({symbol.upper() for symbol in coding}) == 28
    by_name = resolve(["CD99"])
    assert by_name.ensembl_ids.tolist() == ["ENSG00000002586"]  # on chrX, not its copy on chrY
    assert "two genes" in by_name.notes[1]
    assert resolve(["CD99"], ["ENSG00000292348"]).ensembl_ids.tolist() == ["ENSG00000292348"]


def test_few_matches_warn_and_fewer_refuse() -> None:
    names = ["CD3D", "LYZ", *(f"unknown{number}" for number in range(3))]
    assert resolve(names).notes[1].startswith("warning: fewer than half")
    with pytest.raises(UnsupportedError, match=r"only 5\.0% .* 'unknown0', .*'unknown9'; name the column"):
        resolve(["CD3D", *(f"unknown{number}" for number in range(19))])
    with pytest.raises(UnsupportedError, match="they are numbers"):
        resolve([str(number) for number in range(20)])
    with pytest.raises(UnsupportedError, match="regions, not genes"):
        resolve(["chr1:10000-10500", "chr1_20000_20500"])
    with pytest.raises(ParseError, match="no genes"):
        resolve([])
    with pytest.raises(ParseError, match="1 Ensembl ids do not fit 2"):
        resolve(["CD3D", "LYZ"], ["ENSG00000167286"])


def test_mouse_genes_are_not_taken_for_human_ones() -> None:
    mouse = ["Cd3d", "Lyz2", "Gapdh", "Actb", "Ms4a1"]
    for names in (mouse, ["ENSMUSG00000032094", "ENSMUSG00000069516"]):
        with pytest.raises(UnsupportedError, match="another species"):
            resolve(names)
    mixed = resolve(["CD3D", "LYZ", "MS4A1", "C1orf56", "NKG7", "Gapdh"])
    assert mixed.how.tolist() == [*["symbol"] * 5, "other species"]


def test_the_table_is_whole() -> None:
    table = gene_table()
    assert len(table) == len(table.rows) == 70_301
    assert Counter(table.biotype)["protein_coding"] == 20_120
    assert int(np.isfinite(table.geneformer_v1_median).sum()) == 22_029
    row = table.rows["ENSG00000167286"]
    assert (table.symbol[row], table.chromosome[row], table.strand[row]) == ("CD3D", "chr11", -1)
    assert table.transcription_start[row] == table.end[row] - 1
    (myc,) = table.rows_of_symbol["MYC"]
    assert table.transcription_start[myc] == 127_735_433  # GENCODE, which counts from 1: chr8:127,735,434


def test_the_tables_that_ship_are_those_that_the_builder_makes(shared: Path, tmp_path: Path) -> None:
    from biomatrix.entities.cell.genes import build, table

    build.build(shared / "data" / "single_cell" / "genes", tmp_path)
    home = Path(table.__file__).parent
    made = sorted(tmp_path.iterdir())
    assert [path.read_bytes() for path in made] == [(home / path.name).read_bytes() for path in made]
    assert sum(path.stat().st_size for path in made) < 2_500_000
