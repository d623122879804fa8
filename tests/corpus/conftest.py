"""A data folder in miniature: three sources, written here, laid out like the real ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.vocabulary_recipe import VocabularyRecipe

NAMES = {
    "ethanol": "CCO",
    "benzene": "c1ccccc1",
    "acetic acid": "CC(=O)O",
    "pyridine": "c1ccncc1",
    "glycine": "NCC(=O)O",
    "toluene": "Cc1ccccc1",
    "aniline": "Nc1ccccc1",
    "hexane": "CCCCCC",
    "sodium chloride": "[Na+].[Cl-]",
    "nonsense": "C1CC",
}


def _sequences(count: int) -> list[str]:
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), size=40 + 5 * i)) for i in range(count)]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with names, textbook pages and protein domains, and the tables of what is held out."""
    root = tmp_path_factory.mktemp("data")
    for folder in ("molecule", "text", "protein/cath", "protein/structures", "protein/localization"):
        (root / folder).mkdir(parents=True)
    names = {"name": list(NAMES), "smiles": list(NAMES.values())}
    pq.write_table(pa.table(names), root / "molecule/opsin_names.parquet")
    sentence = "Water boils at 100 degrees and its vapour rises from the flask. "
    pages = [{"source": "book", "doc_id": f"m{i}", "title": "Water", "text": sentence * (5 + 10 * i)} for i in range(6)]
    pq.write_table(pa.Table.from_pylist(pages), root / "text/openstax_textbooks.parquet")
    sequences = _sequences(12)
    with gzip.open(root / "protein/cath/cath-S20-v4_3_0.fa.gz", "wt") as handle:
        handle.writelines(f">cath|current|d{i}\n{sequence}\n" for i, sequence in enumerate(sequences))
    held_out = {"id": ["1abc_A"], "sequence": [sequences[3]], "cluster30": [7], "split": ["test"]}
    pq.write_table(
        pa.table({**held_out, "benchmark": pa.array([[]], pa.list_(pa.string()))}),
        root / "protein/structures/chains.parquet",
    )
    for name in ("deeploc_test_set", "setHARD"):
        with gzip.open(root / f"protein/localization/{name}.fasta.gz", "wt") as handle:
            handle.write(f">T Nucleus-U\n{sequences[5]}\n")
    for name in ("localization", "localization_2"):
        path = root / f"protein/localization/peer_subcellular_{name}_test.parquet"
        pq.write_table(pa.table({"primary": [sequences[5]]}), path)
    return root


@pytest.fixture(scope="session")
def recipe() -> CorpusRecipe:
    """A recipe over the miniature data folder, without 3D."""
    return CorpusRecipe(
        name="miniature",
        seed=1,
        max_tokens=128,
        slice_rows=4,
        sources=[
            SourceRecipe(name="opsin_names"),
            SourceRecipe(name="cath_s20", repeat=2.0),
            SourceRecipe(name="openstax"),
        ],
        views={"molecule_selfies": 1.0, "molecule_mixed": 1.5, "protein_sequence": 0.7, "text": 1.0},
        tasks={"molecule_from_name": 1.0, "predict_weight": 0.5},
        modalities=["molecule_smiles", "molecule_selfies", "protein_sequence"],
        vocabulary=VocabularyRecipe(text_entries=400),
    )
