"""A build against ``datasets`` and ``datatrove`` doing the same work on the same records, turn by turn in one run.

    python benchmarks/corpus_peers.py
    python benchmarks/corpus_peers.py --molecules 3000 --texts 30000 --turns 3

Molecules: an SDF file with conformers is read and written in structure codes, by this package's reader and tokenizer on
both sides: the steps of a build against ``datasets.map`` of one record at a time, and of batches. Text: JSON lines are
tokenised with one vocabulary and written to disk: a whole build from nothing, with records and documents, against
``datasets.map`` in batches and ``datatrove``'s ``DocumentTokenizer``. The codes of molecules are compared, and the
tokens of texts counted. One process each; the best turn of each counts. A peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

CODES = "molecule_structure"
TOGETHER = 512
SMILES = """
CCO c1ccccc1 CC(=O)Oc1ccccc1C(=O)O CN1C=NC2=C1C(=O)N(C(=O)N2C)C CC(C)Cc1ccc(cc1)C(C)C(=O)O c1ccc2ccccc2c1 OC1CCCCC1
C1CCNCC1 NCCc1ccc(O)c(O)c1 CC(=O)Nc1ccc(O)cc1 O=C(O)c1ccncc1 Cc1ccc(cc1)S(=O)(=O)N FC(F)(F)c1ccccc1 CCOC(=O)CC(=O)OCC
CC1=C(C(=O)OC)CCN1 OCC1OC(O)C(O)C(O)C1O CSCCC(N)C(=O)O NC(Cc1ccccc1)C(=O)O
"""


def write_molecules(path: Path, count: int) -> None:
    """Write ``count`` molecules with hydrogens, each in a conformer of its own."""
    from rdkit import Chem
    from rdkit.Chem import rdDistGeom

    names = SMILES.split()
    with Chem.SDWriter(str(path)) as out:
        for number in range(count):
            mol = Chem.AddHs(Chem.MolFromSmiles(names[number % len(names)]))
            rdDistGeom.EmbedMolecule(mol, randomSeed=number)
            mol.SetProp("_Name", f"m{number}")
            out.write(mol)


def write_texts(path: Path, count: int) -> None:
    """Write ``count`` texts of some hundred words, the frequent ones often."""
    rng = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    words = np.array(["".join(rng.choice(letters, rng.integers(2, 10))) for _ in range(5000)])
    with path.open("w") as out:
        for number in range(count):
            prose = " ".join(words[np.minimum(rng.zipf(1.3, 120), 5000) - 1])
            out.write(json.dumps({"id": f"t{number}", "text": prose}) + "\n")


def recipe(name: str, source: dict[str, Any], views: dict[str, float], modality: str) -> Any:
    """Return the recipe of one source."""
    from biomatrix.corpus import CorpusRecipe

    entry = {"name": name, "licence": ["CC0-1.0"], **source}
    return CorpusRecipe.model_validate({"name": name, "sources": [entry], "views": views, "modalities": [modality]})


def built_molecules(data: Path, work: Path) -> list[list[str]]:
    """Return the codes that the steps of a build write."""
    from biomatrix.corpus.build import tokenised

    wanted = recipe("mols", {"reader": "sdf", "files": ["mols.sdf"]}, {}, CODES)
    slices = tokenised(wanted, data, work)["mols"]
    splits = ("train", "held_out", "held_out_label")
    return [list(record.tokens[CODES]) for item in slices for record in item.read(splits)]


def mapped_molecules(data: Path, work: Path, batched: bool) -> list[list[str]]:
    """Return the codes that ``datasets.map`` writes, of one record at a time or of batches."""
    import datasets

    from biomatrix.entities import modality
    from biomatrix.entities.limits import DEFAULT_LIMITS
    from biomatrix.entities.molecule.files.cutting import RecordText
    from biomatrix.entities.molecule.files.mol_block import read_mol_block

    writer = modality(CODES)

    def blocks() -> Iterator[dict[str, str]]:
        block: list[str] = []
        with (data / "mols.sdf").open() as lines:
            for line in lines:
                if line.startswith("$$$$"):
                    yield {"block": "".join(block)}
                    block = []
                else:
                    block.append(line)

    def entity(block: str) -> Any:
        return read_mol_block(RecordText(1, 1, block), DEFAULT_LIMITS)

    def one(row: dict[str, str]) -> dict[str, Any]:
        return {"codes": writer.encode(entity(row["block"]))}

    def many(rows: dict[str, list[str]]) -> dict[str, Any]:
        return {"codes": writer.encode_each([entity(block) for block in rows["block"]])}

    rows = datasets.Dataset.from_generator(blocks, cache_dir=str(work))
    done = rows.map(many if batched else one, batched=batched, batch_size=TOGETHER, remove_columns=["block"])
    done.save_to_disk(work / "saved")
    return list(done["codes"])


def built_texts(data: Path, work: Path, vocabulary: Path) -> int:
    """Return the tokens that a build writes, held-out texts beside them."""
    from biomatrix.corpus import TokenShards, build_corpus

    fields = {"text": "text"}
    source = {"reader": "jsonl", "files": ["texts.jsonl"], "id": "id", "fields": fields}
    wanted = recipe("texts", source, {"text": 1.0}, "protein_sequence")
    return TokenShards(build_corpus(wanted, data, work, vocabulary=vocabulary)).num_tokens


def mapped_texts(data: Path, work: Path, vocabulary: Path) -> int:
    """Return the tokens that ``datasets.map`` writes."""
    import datasets
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(vocabulary / "tokenizer.json"))

    def ids(rows: dict[str, list[str]]) -> dict[str, Any]:
        return {"ids": [found.ids for found in tokenizer.encode_batch(rows["text"])]}

    rows = datasets.load_dataset("json", data_files=str(data / "texts.jsonl"), split="train", cache_dir=str(work))
    done = rows.map(ids, batched=True, remove_columns=rows.column_names)
    done.save_to_disk(work / "saved")
    return sum(map(len, done["ids"]))


def trove_texts(data: Path, work: Path, vocabulary: Path) -> int:
    """Return the tokens that ``datatrove`` writes."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.tokens import DocumentTokenizer

    steps = [
        JsonlReader(str(data), glob_pattern="texts.jsonl", compression=None),
        DocumentTokenizer(str(work / "out"), tokenizer_name_or_path=str(vocabulary / "tokenizer.json"), eos_token=None),
    ]
    LocalPipelineExecutor(pipeline=steps, tasks=1, workers=1, logging_dir=str(work / "logs")).run()
    return sum(path.stat().st_size // 2 for path in (work / "out").glob("*.ds"))


def compare(what: str, count: int, ways: dict[str, Callable[[Path], Any]], turns: int, scratch: Path) -> None:
    """Run every way in turn, each into a folder of its own; print records per second, and how much faster ours is."""
    best: dict[str, float] = {}
    for turn in range(turns):
        for name, way in ways.items():
            work = scratch / f"{what}{turn}{len(name)}"
            work.mkdir()
            begin = time.perf_counter()
            found = way(work)
            seconds = time.perf_counter() - begin
            best[name] = min(best.get(name, seconds), seconds)
            if turn == 0:
                size = found if isinstance(found, int) else sum(map(len, found))
                print(f"{what}: {name}: {size:,} tokens", flush=True)
            shutil.rmtree(work)
    ours = next(iter(best.values()))
    for name, seconds in best.items():
        print(f"{what:10s} {name:28s} {count / seconds:10,.0f} records/s   ours is {seconds / ours:5.2f} times as fast")


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--molecules", type=int, default=2000)
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=2)
    arguments = parser.parse_args()
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_molecules(folder / "mols.sdf", arguments.molecules)
        write_texts(folder / "texts.jsonl", arguments.texts)
        vocabulary = learned_vocabulary(folder)
        installed = {name for name in ("datasets", "datatrove") if importlib.util.find_spec(name)}
        ways: dict[str, Callable[[Path], Any]] = {"a build": lambda work: built_molecules(folder, work)}
        texts: dict[str, Callable[[Path], Any]] = {"a build": lambda work: built_texts(folder, work, vocabulary)}
        if "datasets" in installed:
            ways["datasets.map"] = lambda work: mapped_molecules(folder, work, batched=False)
            ways["datasets.map, batched"] = lambda work: mapped_molecules(folder, work, batched=True)
            texts["datasets.map, batched"] = lambda work: mapped_texts(folder, work, vocabulary)
        if "datatrove" in installed:
            texts["datatrove"] = lambda work: trove_texts(folder, work, vocabulary)
        compare("molecules", arguments.molecules, ways, arguments.turns, folder)
        compare("texts", arguments.texts, texts, arguments.turns, folder)


def learned_vocabulary(folder: Path) -> Path:
    """Return the vocabulary that both sides use, learned on the texts."""
    from biomatrix.corpus import build_nano_vocabulary

    source = {"reader": "jsonl", "files": ["texts.jsonl"], "id": "id", "fields": {"text": "text"}}
    return build_nano_vocabulary(
        recipe("texts", source, {"text": 1.0}, "protein_sequence"), folder, folder / "vocabulary"
    )


if __name__ == "__main__":
    main()
