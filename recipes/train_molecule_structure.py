"""Train a molecule structure tokenizer from a recipe and write its folder.

    python recipes/train_molecule_structure.py recipes/molecule_structure.toml DATA -o run

DATA is the folder of the corpus sources. A run that is stopped goes on from the checkpoint in its folder.
"""

from __future__ import annotations

import argparse
import logging
import random
import tomllib
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from biomatrix.corpus.sources.base import Source
from biomatrix.corpus.sources.components import COMPONENT_SOURCES
from biomatrix.corpus.sources.conformers import CONFORMER_SOURCES
from biomatrix.corpus.sources.molecules import MOLECULE_SOURCES
from biomatrix.entities import Molecule
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.structure.molecule.inputs import PreparedMolecule, prepare
from biomatrix.structure.molecule.molstructok.training import TrainingSettings, train
from biomatrix.structure.weights import save_weights

LOG = logging.getLogger("train_molecule_structure")
SOURCES = {**COMPONENT_SOURCES, **CONFORMER_SOURCES, **MOLECULE_SOURCES}


def gather(entry: dict[str, Any], root: Path, rng: random.Random) -> tuple[list[PreparedMolecule], dict[str, Any]]:
    """Return the training molecules of one source, and what is to be said about it."""
    if entry["source"] not in SOURCES:
        raise ConfigurationError(f"no source {entry['source']!r}; there are {', '.join(sorted(SOURCES))}")
    source: Source = SOURCES[entry["source"]](root)
    rows = list(source.rows())
    rng.shuffle(rows)
    limit, conformers = entry.get("molecules", len(rows)), entry.get("conformers", len(rows))
    found: list[PreparedMolecule] = []
    refused: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    taken = 0
    for identifier, row in rows:
        if taken >= limit:
            break
        seen[identifier.split("/")[0]] += 1
        if seen[identifier.split("/")[0]] > conformers:
            continue
        try:
            record = source.record(identifier, row)
            if not isinstance(record.entity, Molecule):
                continue
            molecule = record.entity.embed(seed=0) if entry.get("embed") else record.entity
            taken += 1  # held-out molecules count too, so that the draw does not depend on the rule
            if record.split == "train":
                found.append(prepare(molecule))
        except BioMatrixError as error:
            refused[error.message[:40]] += 1
    LOG.info("%s: %d molecules, refused %s", source.name, len(found), dict(refused.most_common(5)))
    about = {"name": source.provenance.origin, "licence": " AND ".join(source.provenance.licence)}
    return found, {**about, "source": source.name, "molecules": len(found), "embedded": bool(entry.get("embed"))}


def main() -> None:
    """Gather, train, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = tomllib.loads(given.recipe.read_text())
    rng = random.Random(recipe["seed"])
    gathered = [gather(entry, given.data, rng) for entry in recipe["data"]]
    settings = TrainingSettings(seed=recipe["seed"], **recipe["training"])
    molecules = [molecule for part, _ in gathered for molecule in part]
    tensors = train(molecules, settings, given.output)
    config = {
        "architecture": "molstructok",
        "settings": {"closed_loop": True, "decoder": "branch", "bond_weight": settings.bond_weight},
        "sizes": {"num_codes": settings.num_codes, "hidden": settings.hidden, "latent": settings.latent},
        "training": asdict(settings),
        "training_data": [about for _, about in gathered],
        "licence": "Apache-2.0",
        # Self-examination fails past this all-atom RMSD.
        "stated_error": {"rmsd_angstrom": 0.5},
    }
    print("fingerprint", save_weights(given.output / "tokenizer", config, tensors))


if __name__ == "__main__":
    main()
