"""``biomatrix soft ask``: a question about entities that a tuned model reads as vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import Quiet, refusals_in_json, shown_log
from biomatrix.cli.entity_options import GivenEntities, with_entity_options
from biomatrix.errors import ConfigurationError

EXAMPLE = (
    'biomatrix soft ask runs/soft_esol "What is the aqueous solubility of" --molecule CCO --after " as log10 of mol/L?"'
)


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=f"Example: {EXAMPLE}")(with_entity_options(ask))


@refusals_in_json
def ask(
    given: GivenEntities,
    run: Annotated[Path, typer.Argument(help="The output folder of `biomatrix soft tune`.")],
    question: Annotated[str, typer.Argument(help="The question in words, as the model was tuned to be asked.")],
    after: Annotated[str, typer.Option(help="The rest of the question, behind the entities.")] = "",
    num_samples: Annotated[
        int, typer.Option("--num-samples", "-n", min=1, help="How many answers; several are drawn at random.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="Same seed, same answers.")] = 0,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="The longest answer.")] = 64,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Ask a tuned model about entities, each shown as the vectors of its encoder."""
    from biomatrix.soft.tuning.run import MODEL, PROJECTOR

    if not given.each:
        raise ConfigurationError("no entity is given to ask about; name one, such as --molecule CCO")
    for name in (MODEL, PROJECTOR):
        if not (run / name).is_dir():
            raise ConfigurationError(
                f"no {name} here; give the output folder of a finished `biomatrix soft tune`", file=str(run)
            )
    from biomatrix.generation import load
    from biomatrix.generation.requests import build_prompt
    from biomatrix.soft.soft_tokens import SoftTokens

    with shown_log(quiet):
        projectors = SoftTokens.from_pretrained(run / PROJECTOR)
        asked = [*build_prompt(question, given.read()), *([after] if after else [])]
        model = load(run / MODEL, soft=projectors)
        answers = model.generate(
            projectors.shown(asked),
            num_samples=num_samples,
            seed=seed,
            greedy=num_samples == 1,
            max_new_tokens=max_new_tokens,
        )
    if as_json:
        rows = [
            {"text": answer.text, "logprob": answer.logprob, "finish_reason": answer.finish_reason}
            for answer in answers
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    for answer in answers:
        typer.echo(answer.text)
