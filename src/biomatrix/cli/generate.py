"""``biomatrix generate``: ask a model, get typed answers and files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog="Example: biomatrix generate Fold --protein seq.fasta --output protein_structure -o out.pdb")(
        generate
    )


def generate(
    prompt: Annotated[str, typer.Argument(help="The request in words; '-' reads it from standard input.")],
    molecule: Annotated[str | None, typer.Option(help="A molecule to ask about: a SMILES string or a file.")] = None,
    protein: Annotated[str | None, typer.Option(help="A protein to ask about: a sequence or a file.")] = None,
    chain: Annotated[str | None, typer.Option(help="Which chain of the protein file.")] = None,
    written_as: Annotated[
        str | None, typer.Option("--as", help="The modality the entity is shown to the model in.")
    ] = None,
    output_modality: Annotated[
        str | None, typer.Option("--output", help="The modality of the answer; text when not given.")
    ] = None,
    length: Annotated[int | None, typer.Option(help="Exact length of the answer, where the modality counts.")] = None,
    num_samples: Annotated[int, typer.Option("--num-samples", "-n", min=1, help="How many answers.")] = 1,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 is greedy.")] = 1.0,
    top_p: Annotated[float, typer.Option(min=0.0, max=1.0, help="Nucleus sampling.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Same seed, same answers.")] = 0,
    model: Annotated[str, typer.Option(help="A shipped name, a folder or a hub id.")] = "nano",
    destination: Annotated[
        Path | None,
        typer.Option("--destination", "-o", help="File for the answers; more than one are numbered."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable answers.")] = False,
) -> None:
    """Ask a model about text, molecules and proteins; print the answers and write them as files."""
    from biomatrix.entities import kind, parse_entity
    from biomatrix.generation import load
    from biomatrix.generation.requests import build_prompt, describe_answer, write_answers

    words = typer.get_text_stream("stdin").read().strip() if prompt == "-" else prompt
    given = {"molecule": molecule, "protein": protein}
    entities = [
        parse_entity(word, kind(name), chain if name == "protein" else None)
        for name, word in given.items()
        if word is not None
    ]
    asked = build_prompt(words, entities, written_as=written_as)
    answers = load(model).generate(
        asked,
        output=output_modality,
        length=length,
        num_samples=num_samples,
        temperature=temperature,
        top_p=top_p,
        greedy=temperature == 0.0,
        seed=seed,
    )
    written = write_answers(answers, destination) if destination else []
    if as_json:
        typer.echo(json.dumps([describe_answer(answer) for answer in answers], indent=2))
    else:
        for answer in answers:
            typer.echo(answer.text if answer.error is None else f"no valid answer: {answer.error}")
    for path in written:
        typer.echo(f"wrote {path}", err=True)
    if all(answer.error is not None for answer in answers):
        raise typer.Exit(1)
