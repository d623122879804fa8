"""``biomatrix generate``: ask a model, get typed answers and files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from biomatrix.cli.entity_options import GivenEntities, with_entity_options
from biomatrix.cli.request_options import check_request
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.generation import Answer
    from biomatrix.generation.events import Event


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    example = "biomatrix generate Fold --protein seq.fasta --answer protein_structure --length 129 -o out.pdb"
    app.command(epilog=f"Example: {example}")(with_entity_options(generate))


def generate(
    prompt: Annotated[str, typer.Argument(help="The request in words; '-' reads it from standard input.")],
    given: GivenEntities,
    written_as: Annotated[
        str | None,
        typer.Option("--as", help="The modality in which the model sees the entities."),
    ] = None,
    answer: Annotated[
        str | None, typer.Option(metavar="MODALITY", help="The modality of the answer; text when not given.")
    ] = None,
    length: Annotated[int | None, typer.Option(help="Exact length of the answer, where the modality counts.")] = None,
    num_samples: Annotated[int, typer.Option("--num-samples", "-n", min=1, max=100_000, help="How many answers.")] = 1,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 is greedy.")] = 1.0,
    top_p: Annotated[float, typer.Option(min=0.0, max=1.0, help="Nucleus sampling; above 0.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Same seed, same answers.")] = 0,
    model: Annotated[str, typer.Option(help="A shipped name, a folder or a hub id.")] = "nano",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File for the answered entities; several are numbered."),
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Print the answer as it is written.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable answers.")] = False,
) -> None:
    """Ask a model about text and entities; print the answers and write them as files."""
    from biomatrix.generation.answer_files import check_destination, describe_answer, write_answers
    from biomatrix.generation.requests import build_prompt

    if stream and (as_json or num_samples > 1):
        raise ConfigurationError("--stream prints one answer as it is written; leave out --json and --num-samples")
    words = typer.get_text_stream("stdin").read().strip() if prompt == "-" else prompt
    check_request(
        words,
        len(given.each),
        answer=answer,
        written_as=written_as,
        length=length,
        temperature=temperature,
        top_p=top_p,
    )
    if output is not None:
        check_destination(output, answer)
    request = build_prompt(words, given.read(), written_as=written_as)
    settings = {"num_samples": num_samples, "temperature": temperature, "top_p": top_p, "seed": seed}
    answers = _ask(model, stream, {"prompt": request, "output": answer, "length": length, **settings})
    paths = write_answers(answers, output) if output else []
    if as_json:
        typer.echo(json.dumps([describe_answer(one) for one in answers], indent=2))
    for one in [] if as_json else answers:
        if one.error is not None:
            typer.echo(f"no valid answer: {one.error}")
        elif not stream:
            typer.echo(one.text)
    for path in paths:
        typer.echo(f"wrote {path}", err=True)
    if all(one.error is not None for one in answers):
        raise typer.Exit(1)


def _ask(model: str, stream: bool, arguments: dict[str, Any]) -> list[Answer]:
    """Return the answers; a stream also prints them while they are written."""
    from biomatrix.generation import load

    language_model = load(model)
    if stream:
        return list(_print_events(language_model.stream(**arguments)))
    return language_model.generate(**arguments)


def _print_events(events: Iterator[Event]) -> Iterator[Answer]:
    """Print the text and tokens of a stream one by one; yield its answers."""
    from biomatrix.generation.events import Finished, SegmentToken, TextPiece

    for event in events:
        if isinstance(event, TextPiece):
            typer.echo(event.text, nl=False)
        elif isinstance(event, SegmentToken):
            typer.echo(event.token, nl=False)
        elif isinstance(event, Finished):
            typer.echo()
            yield event.answer
