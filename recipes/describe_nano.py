"""Write the model card of nano from what its corpus, its training and its evaluation recorded.

python recipes/describe_nano.py runs/nano_corpus runs/nano_pretrain runs/nano_finetune nano.json -o MODEL_CARD.md
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

MODALITIES = (
    "text",
    "molecule_smiles",
    "molecule_selfies",
    "molecule_structure",
    "protein_sequence",
    "protein_structure",
)

HEAD = """# nano

A Qwen3 decoder of {parameters:.1f} million parameters ({entries:,} vocabulary entries, width {hidden}, {layers}
layers, tied) that reads and writes text, molecules and proteins as tokens. It was trained from nothing, by this
repository's code, on two processor cores in about an hour. **It shows that the whole path works; it is not a
scientist.** It has learned what molecules and proteins look like as tokens. Do not act on its numbers, folds or
descriptions.

Molecule structures are codes of the tokenizer `{molecule}`, protein structures of `{protein}`. Files are stock
Hugging Face: `AutoTokenizer` and `AutoModelForCausalLM` open the folder. Weights are bfloat16.

## How it was trained

`biomatrix corpus`, `pretrain`, `corpus` and `finetune` with `recipes/nano_corpus.toml`, `nano_pretrain.toml`,
`nano_tasks.toml` and `nano_finetune.toml`: {pretrain_steps:,} steps over {pretrain_tokens:.1f} million tokens
of documents, then {finetune_steps:,} steps of instructions, of which answers alone are learned. Both runs were
bound by time on a shared machine, so they do not repeat byte for byte.

## What it was trained on

{documents:,} documents, {tokens:.1f} million tokens. Licences: {licences}. Nothing marked as a test set; one
molecule in 50 by a hash of its graph (`biomatrix.corpus.holdout`), a tenth of the measured labels, every 30%
identity cluster of protein chains that holds a validation, test, benchmark or example chain, and proteins that
share 20 residues in a row with such a chain are left out. ChEBI-20 and DeepLoc: their validation files, a slice
held out.

| source | from | licence | use | documents | tokens |
|---|---|---|---|---|---|
"""

LOSS = """
## Held-out loss

Bits a token (a uniform guess over the vocabulary costs {uniform:.1f}), after pretraining and after tuning:

| modality | pretrained | tuned | tokens measured |
|---|---|---|---|
"""

JUDGED = """
The tuned model is measured on instructions alone, and only on answers; the pretrained one on documents of every
kind.

## Answers, judged by code

Held-out records; `python benchmarks/nano.py runs/nano_corpus`. "random" is what chance gives (scrambled tokens;
for properties the training mean), "nearest" answers with the most similar training record.

| task | measure | nano | random | nearest | n |
|---|---|---|---|---|---|
"""


def last_held_out(run: Path) -> dict[str, dict[str, float]]:
    """Return the last held-out figures a run logged."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    found: dict[str, dict[str, float]] = [line["held_out"] for line in lines if "held_out" in line][-1]
    return found


def last_step(run: Path) -> dict[str, Any]:
    """Return the last training line a run logged."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    found: dict[str, Any] = [line for line in lines if "loss" in line][-1]
    return found


def source_rows(manifest: dict[str, Any]) -> list[str]:
    """Return one row a source."""
    return [
        f"| {s['name']} | {s['origin']} | {', '.join(s['licence'])} | {s['split']} "
        f"| {s['documents']:,} | {s['tokens']:,} |"
        for s in manifest["sources"]
    ]


def loss_rows(before: dict[str, dict[str, float]], after: dict[str, dict[str, float]]) -> list[str]:
    """Return one row a modality."""

    def bits(figures: dict[str, dict[str, float]], name: str) -> str:
        return f"{figures[name]['bits']:.2f}" if name in figures else ""

    return [
        f"| {name} | {bits(before, name)} | {bits(after, name)} | {int(before[name]['tokens']):,} |"
        for name in MODALITIES
        if name in before
    ]


def figure_rows(figures: list[dict[str, Any]]) -> list[str]:
    """Return one row a judged figure."""

    def cell(value: float | None) -> str:
        return "" if value is None else f"{value:.3f}"

    return [
        f"| {f['task']} | {f['measure']} | {cell(f['nano'])} | {cell(f['random'])} | {cell(f['nearest'])} | {f['n']} |"
        for f in figures
    ]


def main() -> None:
    """Write the card."""
    import math

    from safetensors import safe_open

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("corpus", "pretrain", "finetune", "figures"):
        parser.add_argument(name, type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    manifest = json.loads((given.corpus / "shards" / "train" / "manifest.json").read_text(encoding="utf-8"))
    model = given.finetune / "model"
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    tokenizers = json.loads((model / "biomatrix.json").read_text(encoding="utf-8"))["structure_tokenizers"]
    with safe_open(model / "model.safetensors", framework="np") as tensors:
        parameters = sum(math.prod(tensors.get_slice(name).get_shape()) for name in tensors.keys())  # noqa: SIM118
    text = HEAD.format(
        parameters=parameters / 1e6,
        entries=manifest["vocabulary_size"],
        hidden=config["hidden_size"],
        layers=config["num_hidden_layers"],
        molecule=tokenizers["molecule_structure"]["name"],
        protein=tokenizers["protein_structure"]["name"],
        pretrain_steps=last_step(given.pretrain)["step"],
        pretrain_tokens=last_step(given.pretrain)["tokens"] / 1e6,
        finetune_steps=last_step(given.finetune)["step"],
        documents=sum(manifest["documents"].values()),
        tokens=sum(manifest["tokens"].values()) / 1e6,
        licences=", ".join(sorted({licence for s in manifest["sources"] for licence in s["licence"]})),
    )
    parts = [text + "\n".join(source_rows(manifest))]
    parts.append(LOSS.format(uniform=math.log2(manifest["vocabulary_size"])))
    parts[-1] += "\n".join(loss_rows(last_held_out(given.pretrain), last_held_out(given.finetune)))
    parts.append(JUDGED + "\n".join(figure_rows(json.loads(given.figures.read_text(encoding="utf-8")))))
    given.output.write_text("\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
