"""Hash the outputs of the package for fixed inputs, to prove that a change altered nothing.

    python benchmarks/fingerprints.py ../shared/data --save before.json      # on the commit to compare with
    python benchmarks/fingerprints.py ../shared/data --compare before.json   # prints each hash, same or changed

Covered are the tokens of every modality, what they decode to, ids of the shipped model's vocabulary, ids that the
model writes, the codes of every shipped structure tokenizer, and the bytes of a small corpus. Only the public surface
is used, so that the script runs on both sides of a change. It exits with 1 where a hash changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet

import biomatrix as bm
from biomatrix.errors import BioMatrixError

MOLECULE_MODALITIES = ("molecule_smiles", "molecule_selfies", "molecule_structure")
PROTEIN_MODALITIES = ("protein_sequence", "protein_structure")
TOKENIZERS = {
    "molecule default": ("molecule", "default"),
    "geometric-256": ("protein", "geometric-256"),
    "geometric, 4,096 codes": ("protein", "geometric-4096", "geometric"),
    "anchored, 4,096 codes": ("protein", "anchored-4096", "anchored"),
    "learned": ("protein", "gcp_vqvae-4096", "gcp_vqvae-small"),
}
"""Kind and names of each shipped tokenizer, the present name first."""


def digest(parts: Any) -> str:
    """Return a short hash of any JSON value."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def rounded(array: Any) -> list[Any]:
    """Return coordinates in thousandths of an Angstrom, so that the last bits of a float do not count."""
    values = np.asarray(array, dtype=np.float64) * 1000.0
    return np.where(np.isfinite(values), np.round(values), -1e9).astype(np.int64).tolist()


def molecules(data: Path, count: int) -> list[bm.Molecule]:
    """Return molecules with quantum-chemical conformers and embedded ones of SMILES."""
    table = parquet.read_table(data / "molecule/conformers_3d/cascade_dft8k.parquet").slice(0, count).to_pylist()
    found = [
        bm.Molecule.from_arrays(row["atomic_numbers"], row["positions"], row["bonds"], row["formal_charges"])
        for row in table
    ]
    smiles = parquet.read_table(data / "molecule/opsin_names.parquet", columns=["smiles"]).slice(0, 20)
    for text in smiles["smiles"].to_pylist():
        try:
            found.append(bm.Molecule.from_smiles(text).embed(seed=0))
        except BioMatrixError:
            continue
    return found


def proteins(data: Path, count: int) -> list[bm.Protein]:
    """Return chains of the table of structures."""
    table = parquet.read_table(data / "protein/structures/chains.parquet").slice(0, count).to_pylist()
    chains = []
    for row in table:
        xyz = np.array(row["coords"], dtype=np.float32).reshape(-1, 4, 3)[:, :3]
        backbone = np.where(xyz == -32768, np.float32(np.nan), xyz / np.float32(100.0))
        chains.append(bm.Protein(sequence=row["sequence"], backbone=backbone, name=row["id"]))
    return chains


def described(value: Any) -> Any:
    """Return an entity, its refusal or codes as plain values."""
    if isinstance(value, BioMatrixError):
        return ["refused", value.message]
    if isinstance(value, bm.Molecule):
        xyz = value.coordinates
        return [value.smiles, None if xyz is None else rounded(xyz)]
    if isinstance(value, bm.Protein):
        return [value.sequence, None if value.backbone is None else rounded(value.backbone)]
    if hasattr(value, "symbols"):
        return [list(value.symbols), value.codes.tolist()]
    return value.tolist() if isinstance(value, np.ndarray) else value


def modality_hashes(names: Sequence[str], entities: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Yield tokens and what they decode to, modality by modality."""
    for name in names:
        one = bm.modality(name)
        tokens = one.encode_each(entities)
        yield f"tokens {name}", digest([described(item) for item in tokens])
        good = [item for item in tokens if not isinstance(item, BioMatrixError)]
        yield f"decoded {name}", digest([described(item) for item in one.decode_each(good)])


def tokenizer_hashes(mols: Sequence[Any], chains: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Yield codes and decoded coordinates of every shipped tokenizer."""
    for label, (kind, *names) in TOKENIZERS.items():
        opener: Any = bm.MoleculeStructureTokenizer if kind == "molecule" else bm.ProteinStructureTokenizer
        tokenizer = _first(opener.from_pretrained, names)
        if kind == "molecule":
            codes = [item for item in _each(tokenizer, mols) if not isinstance(item, BioMatrixError)]
        else:
            codes = tokenizer.encode(chains)
        yield f"codes {label}", digest([described(item) for item in codes])
        back = tokenizer.decode(codes)
        yield f"positions {label}", digest([described(item) if kind == "molecule" else rounded(item) for item in back])
        yield f"fingerprint {label}", str(tokenizer.fingerprint)


def _each(tokenizer: Any, entities: Sequence[Any]) -> Any:
    """Return codes and refusals, also of commits before ``encode_each``."""
    if hasattr(tokenizer, "encode_each"):
        return tokenizer.encode_each(entities)
    return tokenizer.encode(entities, on_error="return")


def _first(opener: Callable[[str], Any], names: Sequence[str]) -> Any:
    for name in names[:-1]:
        try:
            return opener(name)
        except BioMatrixError:
            continue
    return opener(names[-1])


def model_hashes(mols: Sequence[Any], chains: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Yield ids of the shipped vocabulary and ids that the shipped model writes."""
    model = bm.load("nano")
    vocabulary = model.vocabulary
    for names, entities in ((MOLECULE_MODALITIES, mols), (PROTEIN_MODALITIES, chains)):
        for name in names:
            ids = []
            for entity in entities:
                try:
                    ids.append(list(vocabulary.encode_entity(entity, name)))
                except BioMatrixError as error:
                    ids.append(error.message)
            yield f"ids {name}", digest(ids)
    short = next(chain for chain in chains if len(chain) < 120)
    asked: dict[str, tuple[Any, dict[str, Any]]] = {
        "text": (["Describe ", mols[0]], {"max_new_tokens": 40}),
        "selfies": ("Make a molecule as SELFIES.", {"output": "molecule_selfies", "num_samples": 8}),
        "smiles": ("Make a molecule as SMILES.", {"output": "molecule_smiles", "num_samples": 4}),
        "molecule 3D": ("Make a molecule in 3D.", {"output": "molecule_structure", "length": 18, "num_samples": 4}),
        "sequence": ("Write a protein.", {"output": "protein_sequence", "length": 30, "num_samples": 4}),
        "fold": (["Fold ", short], {"output": "protein_structure", "length": len(short), "num_samples": 2}),
        "greedy": (["Fold ", short], {"output": "protein_structure", "length": len(short), "greedy": True}),
    }
    for name, (prompt, settings) in asked.items():
        answers = model.generate(prompt, seed=3, **settings)
        yield f"generated {name}", digest([[answer.token_ids, round(answer.logprob, 3)] for answer in answers])


def corpus_hashes(data: Path) -> Iterator[tuple[str, str]]:
    """Yield the bytes of the shards of a small corpus over real sources."""
    from biomatrix.corpus import CorpusRecipe, TokenShards, build_corpus, held_out_folders

    recipe = CorpusRecipe.model_validate(
        {
            "name": "small",
            "seed": 5,
            "max_tokens": 256,
            "slice_rows": 400,
            "held_out_documents": 40,
            "sources": [{"name": name} for name in ("opsin_names", "moleculenet_freesolv", "cath_s20", "openstax")],
            "views": {
                "molecule_smiles": 0.3,
                "molecule_selfies": 0.5,
                "molecule_structure": 0.5,
                "molecule_mixed": 0.5,
                "protein_sequence": 0.3,
                "protein_mixed": 0.2,
                "text": 0.5,
            },
            "tasks": {"molecule_from_name": 0.5, "predict_hydration": 1.0, "embed_molecule": 0.3},
            "vocabulary": {"text_entries": 600},
        }
    )
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        train = build_corpus(recipe, data, work)
        yield "corpus vocabulary", digest((work / "vocabulary" / "tokenizer.json").read_text(encoding="utf-8"))
        for label, folder in {"train": train, **held_out_folders(train)}.items():
            shards = TokenShards(folder)
            rows = [[part.tolist() for part in shards.document(index)] for index in range(len(shards))]
            yield f"corpus {label}", digest([rows, [shards.view_names[view] for view in shards.views]])


def main() -> None:
    """Print every hash, and how it compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of reference data")
    parser.add_argument("--save", type=Path, help="write the hashes to this file")
    parser.add_argument("--compare", type=Path, help="a file written by --save")
    parser.add_argument("--count", type=int, default=60, help="molecules, and chains")
    arguments = parser.parse_args()
    mols, chains = molecules(arguments.data, arguments.count), proteins(arguments.data, arguments.count)
    before = json.loads(arguments.compare.read_text(encoding="utf-8")) if arguments.compare else {}
    found: dict[str, str] = {}
    for part in (
        modality_hashes(MOLECULE_MODALITIES, mols),
        modality_hashes(PROTEIN_MODALITIES, chains),
        tokenizer_hashes(mols, chains),
        model_hashes(mols, chains),
        corpus_hashes(arguments.data),
    ):
        for name, value in part:
            found[name] = value
            state = "" if not before else "same" if before.get(name) == value else f"CHANGED from {before.get(name)}"
            print(f"{name:42s} {value}  {state}", flush=True)
    if arguments.save:
        arguments.save.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    changed = [name for name in before if before[name] != found.get(name)]
    if before:
        print(f"{len(before) - len(changed)} of {len(before)} the same")
    sys.exit(1 if changed else 0)


if __name__ == "__main__":
    main()
