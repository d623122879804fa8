"""From entities in memory to token ids, end to end, beside the stock way of doing the same.

    python benchmarks/end_to_end.py ../shared/data

Molecules: SMILES to SELFIES to ids against the `selfies` package followed by the stock Hugging Face tokenizer on the
text; 3D conformers to codes to ids. Chains: backbones to codes to ids, in one batch against one chain at a time. Every
pair runs on the same entities in the same run; the least processor time of several runs counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import selfies

import biomatrix as bm
from biomatrix.entities import Entity
from biomatrix.entities.protein.files.chain_table import read_chains
from biomatrix.errors import BioMatrixError

RUNS = 3


def quickest(work: Callable[[], object]) -> float:
    """Return the least processor time of several runs, in seconds."""
    times = []
    for _ in range(RUNS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def writable(entities: list[Entity], modality: str, vocabulary: bm.Vocabulary) -> list[Entity]:
    """Return the entities that the modality and the vocabulary can write."""
    batch = vocabulary.encode_batch([[(entity, modality)] for entity in entities])
    return [entity for entity, ids in zip(entities, batch.ids, strict=True) if ids is not None]


def stock_ids(smiles: list[str], vocabulary: bm.Vocabulary) -> int:
    """Write SMILES as SELFIES by the package alone and tokenise the text by the stock tokenizer."""
    one = bm.modality("molecule_selfies")
    texts = []
    for text in smiles:
        try:
            texts.append(f"{one.start_token}{selfies.encoder(text)}{one.end_token}")
        except selfies.EncoderError:
            continue
    return len(vocabulary.tokenizer(texts, add_special_tokens=False)["input_ids"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--molecules", type=int, default=1000)
    parser.add_argument("--chains", type=int, default=100)
    given = parser.parse_args()
    vocabulary = bm.load("nano").vocabulary
    molecules = given.data / "molecule"
    column = pq.read_table(molecules / "qm9_smiles.parquet").column("smiles").to_pylist()
    smiles = column[:: max(len(column) // given.molecules, 1)][: given.molecules]
    flat = writable([bm.Molecule.from_smiles(text) for text in smiles], "molecule_selfies", vocabulary)
    ours = quickest(lambda: vocabulary.encode_batch([[(entity, "molecule_selfies")] for entity in flat]))
    written = [entity.smiles for entity in flat if isinstance(entity, bm.Molecule)]
    stock = quickest(lambda: stock_ids(written, vocabulary))
    print(f"molecules to SELFIES ids   {len(flat) / ours:8.0f} a second, verified by reading back")
    print(f"  selfies + stock tokenizer {len(written) / stock:7.0f} a second, not verified; ratio {stock / ours:.2f}")
    rows = pq.read_table(molecules / "conformers_3d" / "cascade_dft8k.parquet").slice(0, given.molecules).to_pylist()
    solid = []
    for row in rows:
        try:
            solid.append(
                bm.Molecule.from_arrays(row["atomic_numbers"], row["positions"], row["bonds"], row["formal_charges"])
            )
        except BioMatrixError:
            continue
    kept = writable(list(solid), "molecule_structure", vocabulary)
    shaped = quickest(lambda: vocabulary.encode_batch([[(entity, "molecule_structure")] for entity in kept]))
    atoms = sum(entity.num_atoms for entity in kept if isinstance(entity, bm.Molecule))
    print(
        f"conformers to 3D ids       {len(kept) / shaped:8.0f} a second, {atoms / shaped:.0f} atoms a second, verified"
    )
    table = read_chains(given.data / "protein" / "structures" / "chains.parquet")
    chains = [record.protein for _, record in zip(range(given.chains), table, strict=False)]
    together = quickest(lambda: vocabulary.encode_batch([[(chain, "protein_structure")] for chain in chains]))
    alone = quickest(lambda: [vocabulary.encode_entity(chain, "protein_structure") for chain in chains])
    residues = sum(map(len, chains))
    print(
        f"backbones to ids           {len(chains) / together:8.1f} a second, "
        f"{residues / together:.0f} residues a second"
    )
    print(f"  one chain at a time      {len(chains) / alone:8.1f} a second; ratio {alone / together:.2f}")


if __name__ == "__main__":
    main()
