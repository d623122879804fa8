"""A small corpus of words and sequences written here, and its recipe, for builds by several processes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

RECIPE = """
name = "words"
seed = 3
max_tokens = 64
slice_rows = 8
modalities = ["protein_sequence"]

[[sources]]
name = "pages"
reader = "jsonl"
files = ["pages.jsonl"]
id = "code"
fields = { words = "text" }
licence = ["CC0-1.0"]

[[sources]]
name = "chains"
reader = "csv"
files = ["chains.csv"]
kind = "protein"
entity = "sequence"
id = "code"
licence = ["CC0-1.0"]

[views]
text = 1.0
protein_sequence = 1.0

[vocabulary]
text_entries = 320
"""
BROKEN = "p7"
"""The one chain that cannot be read."""


def write_corpus(folder: Path, count: int = 60) -> Path:
    """Write data of ``count`` records of each source, one of them broken, under ``folder/data``; return the recipe."""
    rng = np.random.default_rng(2)
    data = folder / "data"
    data.mkdir(parents=True)
    words = ["water", "boils", "salt", "melts", "and", "the", "acid", "reacts", "slowly", "here"]
    with (data / "pages.jsonl").open("w") as pages, (data / "chains.csv").open("w") as chains:
        chains.write("code,sequence\n")
        for number in range(count):
            prose = " ".join(rng.choice(words, 30)) + f" {number}."
            pages.write(json.dumps({"code": f"t{number}", "words": prose}) + "\n")
            sequence = "".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), 30))
            chains.write(f"p{number},{'?!' if f'p{number}' == BROKEN else sequence}\n")
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE)
    return recipe


def contents(work: Path) -> dict[str, bytes]:
    """Return the bytes of everything that a build keeps, by path within its work folder."""
    kept = {}
    for path in sorted(work.rglob("*")):
        name = path.relative_to(work).as_posix()
        if path.is_file() and not any(
            part.startswith(".") or part in ("slurm", "hashes.json") for part in name.split("/")
        ):
            kept[name] = path.read_bytes()
    return kept
