"""How many real molecules the automata admit, token by token: written SMILES, RDKit's SMILES, SELFIES, 3D.

    python benchmarks/acceptance.py                                  # nano's tokens, 300 molecules of each set
    python benchmarks/acceptance.py --tokenizer ../shared/data/tokenizer --molecules 1000

An automaton that forbids what chemists write would bend every answer. Each molecule is spelled as the vocabulary spells
it and held to the automaton of its modality: every token must be allowed where it comes, with room to spare, and for
SELFIES and 3D within exactly the length that the molecule has. SMILES are taken as the files have them, as far as RDKit
reads them, and as RDKit writes them; molecules in 3D are components of the wwPDB's dictionary with ideal coordinates.
What is refused is printed, with the place where. ChEBI-20 writes every backslash twice, which is undone first.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import random
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from rdkit import Chem
from rdkit.rdBase import BlockLogs

import biomatrix as bm
from biomatrix.corpus.sources import open_source
from biomatrix.entities import modalities
from biomatrix.entities.automaton import Bounds
from biomatrix.errors import BioMatrixError
from biomatrix.vocabulary import Vocabulary, qwen3_tokenizer

SHARED = Path(os.environ.get("BIOMATRIX_SHARED", "../shared"))
SETS = {
    "ChEBI-20": ("chebi20/test.txt.gz", "SMILES"),
    "PubChem324k": ("pubchem324k_iupac/test.txt.gz", "SMILES"),
    "HIV": ("moleculenet/hiv.csv.gz", "smiles"),
    "Tox21": ("moleculenet/tox21.csv.gz", "smiles"),
    "ClinTox": ("moleculenet/clintox.csv.gz", "smiles"),
    "BBBP": ("moleculenet/bbbp.csv.gz", "smiles"),
    "SIDER": ("moleculenet/sider.csv.gz", "smiles"),
    "ESOL": ("moleculenet/esol.csv.gz", "smiles"),
    "LIPO": ("moleculenet/lipo.csv.gz", "smiles"),
    "ZINC-250k": ("zinc250k.parquet", "smiles"),
    "ChEMBL 30": ("chembl30_sample.parquet", "SMILES"),
    "QM9": ("qm9_smiles.parquet", "smiles"),
}
ROOM = 60
"""Tokens beyond those of a molecule."""


def written(name: str) -> list[str]:
    """Return the SMILES of a set as its file has them."""
    path, column = SHARED / "data" / "molecule" / SETS[name][0], SETS[name][1]
    if path.suffix == ".parquet":
        return [str(each) for each in pq.read_table(path)[column].to_pylist()]
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        found = [row[column].strip() for row in csv.DictReader(stream, delimiter="\t" if ".txt" in path.name else ",")]
    return [each.replace("\\\\", "\\") for each in found] if name == "ChEBI-20" else found


def parsed(smiles: str) -> Chem.Mol | None:
    """Return a molecule of at least one atom, None where RDKit reads none."""
    with BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    return mol if mol is not None and mol.GetNumAtoms() else None


def refused_at(vocabulary: Vocabulary, name: str, ids: Sequence[int], length: int | None) -> int | None:
    """Return the place of the first id, the end token among them, that the automaton does not allow; None for none."""
    automaton = vocabulary.automaton(name)
    try:
        states = automaton.start(Bounds(len(ids) + ROOM, length))[None]
    except BioMatrixError:
        return 0
    for place, id_ in enumerate(ids):
        ranges = automaton.allowed(states)[0]
        if not ((ranges[:, 0] <= id_) & (id_ < ranges[:, 1])).any():
            return place
        states = automaton.advance(states, np.array([id_]))
    return None


def report(title: str, vocabulary: Vocabulary, name: str, rows: Sequence[tuple[Sequence[int], int | None]]) -> None:
    """Print the share of the spelled molecules that is admitted, and some that are not."""
    places = [(ids, refused_at(vocabulary, name, ids, length)) for ids, length in rows]
    wrong = [(ids, place) for ids, place in places if place is not None]
    share = 1 - len(wrong) / max(len(rows), 1)
    print(f"{title:28s} {len(rows):6,d} molecules {share:9.3%} admitted", flush=True)
    for ids, place in wrong[:5]:
        print(f"    {vocabulary.text(ids[:place])[-60:]} << {vocabulary.text(ids[place : place + 12])}")


def smiles(vocabulary: Vocabulary, molecules: int, seed: int) -> None:
    """Report on SMILES, set by set."""
    plain, end = vocabulary.encode_text, vocabulary.block("molecule_smiles").end_id
    for name in SETS:
        strings = written(name)
        random.Random(seed).shuffle(strings)
        read = list(islice(((each, mol) for each in strings if (mol := parsed(each)) is not None), molecules))
        report(f"{name}, as written", vocabulary, "molecule_smiles", [([*plain(each), end], None) for each, _ in read])
        ours = [Chem.MolToSmiles(mol) for _, mol in read]
        report(f"{name}, by RDKit", vocabulary, "molecule_smiles", [([*plain(each), end], None) for each in ours])


def components(seed: int) -> Iterator[bm.Molecule]:
    """Yield components of the wwPDB's dictionary, in random order."""
    source = open_source("ccd", SHARED)
    rows = [entry for t in source.open_tables() for n, row in enumerate(t.rows()) for entry in source.expand(t, n, row)]
    random.Random(seed).shuffle(rows)
    for identifier, row in rows:
        try:
            entity = source.record(identifier, row).entity
        except BioMatrixError:
            continue
        if isinstance(entity, bm.Molecule) and entity.has_structure:
            yield entity


def symbols(vocabulary: Vocabulary, name: str, molecules: int, seed: int) -> None:
    """Report on SELFIES or on molecules in 3D, at exactly their length."""
    modality, rows, lacking = vocabulary.block(name).modality, [], 0
    for molecule in components(seed):
        try:
            ids = vocabulary.encode_entity(molecule, name)[1:]
        except BioMatrixError:
            lacking += 1
            continue
        rows.append((ids, modality.length([vocabulary.text([id_]) for id_ in ids[:-1]])))
        if len(rows) == molecules:
            break
    report(f"components, {name}", vocabulary, name, rows)
    print(f"    {lacking} others have a token that the vocabulary lacks, or cannot be written")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=Path, help="Qwen3's tokenizer, in place of nano's tokens")
    parser.add_argument("--molecules", type=int, default=300, help="of each set")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.tokenizer is None:
        vocabulary = bm.load("nano").vocabulary
    else:
        vocabulary = Vocabulary.build(qwen3_tokenizer(options.tokenizer), modalities=modalities())
    smiles(vocabulary, options.molecules, options.seed)
    for name in ("molecule_selfies", "molecule_structure"):
        symbols(vocabulary, name, options.molecules, options.seed)


if __name__ == "__main__":
    main()
