"""``biomatrix explain``: which words, residues and atoms of a question made an answer likely."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from biomatrix.cli.console import Quiet, shown_log
from biomatrix.cli.entity_options import GivenEntities, with_entity_options
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.generation.attribution import Attribution

_LISTED: Final = 12
"""The most tokens that are listed."""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    example = 'biomatrix explain "How soluble in water is" --molecule CCO --answer "-0.3" -o why.svg'
    app.command(epilog=f"Example: {example}")(with_entity_options(explain))


def explain(
    prompt: Annotated[str, typer.Argument(help="The question in words.")],
    given: GivenEntities,
    answer: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The answer to explain; the model's likeliest when not given.")
    ] = None,
    written_as: Annotated[
        str | None, typer.Option("--as", help="The modality in which the model sees the entities.")
    ] = None,
    method: Annotated[
        str, typer.Option(help="occlusion (one residue or atom at a time) or integrated_gradients.")
    ] = "occlusion",
    steps: Annotated[int | None, typer.Option(help="Of integrated gradients, 1 to 4,096; 64 when not given.")] = None,
    model: Annotated[str, typer.Option(help="A shipped name, a folder or a hub id.")] = "nano",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A .svg file of the entities with their weights as colours.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable weights.")] = False,
    quiet: Quiet = False,
) -> None:
    """Say which words, residues and atoms of a question made an answer likely, and draw it."""
    from biomatrix.entities.files.writing import check_writable, write_whole
    from biomatrix.generation.attribution import METHODS, MOST_STEPS, STEPS, attribute
    from biomatrix.generation.attribution_figures import attribution_figure
    from biomatrix.generation.checked import checked_whole
    from biomatrix.generation.model import load
    from biomatrix.generation.requests import build_prompt

    if method not in METHODS:
        raise ConfigurationError(f"--method is {' or '.join(METHODS)}, not {method!r}")
    if steps is not None:
        checked_whole(steps, "--steps", 1, MOST_STEPS)
        if method != "integrated_gradients":
            raise ConfigurationError(f"--steps belongs to --method integrated_gradients; {method} takes none")
    if output is not None:
        if output.suffix != ".svg" or not given.each:
            raise ConfigurationError("an entity is drawn into a .svg file; give both", file=str(output))
        check_writable(output)
    parts = build_prompt(prompt, given.read(), written_as=written_as)
    with shown_log(quiet):
        language_model = load(model)
        if answer is None:
            answer = language_model.generate(parts, greedy=True)[0].text
        found = attribute(language_model, parts, answer, method, steps=STEPS if steps is None else steps)
    typer.echo(json.dumps(_described(found, answer), indent=2) if as_json else _listed(found, answer))
    if output is not None:
        picture = attribution_figure(found, answer)
        if picture is None:
            raise ConfigurationError("no entity of the question has a picture", file=str(output))
        write_whole(output, picture.encode() + b"\n")
        typer.echo(f"wrote {output}", err=True)


def _listed(found: Attribution, answer: str) -> str:
    """Return the tokens that mattered most, a line each, with the residues or atoms that they write."""
    from biomatrix.generation.attribution_figures import described_places

    written = described_places(found)
    judged = [
        (value, f"{token!r}" + (f" ({found.judged.modalities[place]} {written[place]})" if place in written else ""))
        for place, (token, value) in enumerate(zip(found.tokens, found.values.tolist(), strict=True))
        if value == value
    ]
    judged.sort(key=lambda one: -abs(one[0]))
    lines = [f"{answer!r}: {found.score:.2f} nats, {found.neutral:.2f} without all that is judged"]
    lines += [f"{value:+8.3f} nats  {token}" for value, token in judged[:_LISTED]]
    left = len(judged) - _LISTED
    return "\n".join([*lines, f"{left} more tokens; --json lists all"] if left > 0 else lines)


def _described(found: Attribution, answer: str) -> dict[str, object]:
    return {
        "answer": answer,
        "method": found.method,
        "score": found.score,
        "neutral": found.neutral,
        "tokens": [
            {"token": token, "value": value if value == value else None}
            for token, value in zip(found.tokens, found.values.tolist(), strict=True)
        ],
        "entities": [
            {
                "kind": one.entity.kind,
                "modality": one.modality,
                "weights": [weight if weight == weight else None for weight in one.weights.tolist()],
            }
            for one in found.entities
        ],
    }
