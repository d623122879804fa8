"""``biomatrix corpus conversations``: instruction data in LLaMA-Factory's layout to token shards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import refusals_in_json
from biomatrix.cli.vocabulary_option import vocabulary_folder


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command(
        epilog="Example: biomatrix corpus conversations LLaMA-Factory/data alpaca_en_demo --vocabulary "
        "runs/nano_corpus/vocabulary -o runs/alpaca"
    )(conversations)


@refusals_in_json
def conversations(
    folder: Annotated[Path, typer.Argument(help="A folder with LLaMA-Factory's dataset_info.json.")],
    names: Annotated[list[str], typer.Argument(help="Data sets in it, in the alpaca or sharegpt format.")],
    vocabulary: Annotated[Path, typer.Option(help="The vocabulary of the model to tune: its folder, or nano.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The corpus folder to write.")],
    max_tokens: Annotated[int, typer.Option(min=2, help="Longer conversations are refused.")] = 2048,
    held_out_share: Annotated[
        float, typer.Option(min=0, max=0.5, help="The share of questions that is measured and not learned.")
    ] = 0.01,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Read LLaMA-Factory data sets into shards for finetune; the answers alone are learned.

    Molecules and proteins between the control tokens of their modality are read as such. What is refused stands in
    rejects.jsonl with its reason.
    """
    from biomatrix.corpus.conversations.llama_factory import data_set
    from biomatrix.corpus.conversations.shards import write_conversation_shards

    vocabulary = vocabulary_folder(vocabulary)
    data = [data_set(folder, name) for name in dict.fromkeys(names)]
    counts = write_conversation_shards(data, vocabulary, output, max_tokens=max_tokens, held_out=held_out_share)
    if as_json:
        typer.echo(json.dumps(counts, indent=2))
        return
    for name, count in counts.items():
        typer.echo(f"{name}: {count['train']:,} to learn, {count['held_out']:,} held out, {count['refused']:,} refused")
