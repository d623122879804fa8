"""``biomatrix generate``: ask a model, get typed answers and files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from biomatrix.cli.answer_options import Answer as AnswerOption
from biomatrix.cli.answer_options import (
    Beams,
    BestOf,
    Constraints,
    Drafts,
    Length,
    ListConstraints,
    MaxNewTokens,
    Unguided,
    outputs_of,
    parsed_constraints,
    shown_names,
)
from biomatrix.cli.check_options import BestBy, Checks, Relax, check_and_relax, print_verdicts, refuse_checks, scorer_of
from biomatrix.cli.console import Quiet, shown_log
from biomatrix.cli.engine_options import (
    EnforcedBy,
    EngineName,
    ServedAs,
    SoftFolders,
    Url,
    engine_settings,
    open_chosen,
)
from biomatrix.cli.entity_options import GivenEntities, with_entity_options
from biomatrix.cli.option_words import named_as_options
from biomatrix.cli.task_options import TaskName, asked_task, task_words
from biomatrix.cli.tokenizer_options import named_tokenizers
from biomatrix.entities.files.reading import STANDARD_INPUT
from biomatrix.errors import BioMatrixError, ConfigurationError

if TYPE_CHECKING:
    from biomatrix.generation import Answer
    from biomatrix.generation.engine import Engine
    from biomatrix.generation.events import Event
    from biomatrix.generation.requests import Request
    from biomatrix.soft.soft_tokens import SoftTokens

_SHOWN: Final = 8
"""The most files or refused answers that are listed."""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    example = "biomatrix generate Fold --protein seq.fasta --answer protein_structure --length 129 -o out.pdb"
    app.command(epilog=f"Example: {example}")(with_entity_options(generate))


def generate(
    given: GivenEntities,
    prompt: Annotated[
        str | None, typer.Argument(help="The request in words; '-' reads it from standard input.")
    ] = None,
    task: TaskName = None,
    written_as: Annotated[
        str | None,
        typer.Option("--as", help="The modality in which the model sees the entities."),
    ] = None,
    answer: AnswerOption = None,
    length: Length = None,
    constraint: Constraints = None,
    list_constraints: ListConstraints = False,
    num_samples: Annotated[int, typer.Option("--num-samples", "-n", help="How many answers, 1 to 100,000.")] = 1,
    temperature: Annotated[float, typer.Option(help="At least 0; 0 is greedy.")] = 1.0,
    top_p: Annotated[float, typer.Option(help="Nucleus sampling: above 0, at most 1.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Same seed, same answers; a whole number of 64 bits.")] = 0,
    drafts: Drafts = None,
    max_new_tokens: MaxNewTokens = None,
    best_of: BestOf = 1,
    best_by: BestBy = None,
    beams: Beams = None,
    unguided: Unguided = False,
    model: Annotated[str, typer.Option(help="A shipped name, a folder or a hub id.")] = "nano",
    tokenizer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[MODALITY=]NAME",
            help="Name or folder of the structure tokenizer of the model's codes, where the model names none, as "
            "published checkpoints; repeatable.",
        ),
    ] = None,
    engine: EngineName = "transformers",
    url: Url = None,
    served_as: ServedAs = None,
    enforced_by: EnforcedBy = None,
    soft: SoftFolders = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER/",
            help="One file for all answers (.sdf, .smi, .selfies, .fasta; models of one .pdb, .cif, .bcif; .txt for "
            "text), numbered files for a format that holds one (.mol) and for structures of different sequences, or a "
            "folder for a file each. Records say logprob and checks.",
        ),
    ] = None,
    checks: Checks = None,
    relax: Relax = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="A file of `biomatrix calibrate` for this task and model; numbers get an interval, choices a set."
        ),
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Print the answer as it is written.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable answers.")] = False,
    quiet: Quiet = False,
) -> None:
    """Ask a model about text and entities; print the answers and write them as files."""
    from biomatrix.generation.answer_checks import asked_number
    from biomatrix.generation.answer_files import check_destination
    from biomatrix.generation.choosing import chosen_answer
    from biomatrix.generation.confidence import with_evidence
    from biomatrix.generation.lengths import parse_length
    from biomatrix.generation.model import request_of
    from biomatrix.generation.origins import calibration_doubts, refuse_calibration
    from biomatrix.generation.requests import build_prompt
    from biomatrix.trust.calibration import Calibration

    if stream:
        _check_streamed(whole=as_json or num_samples > 1, chosen=best_of > 1 or beams is not None)
    calibrated = None if calibration is None else Calibration.from_file(calibration)
    if written_as is not None and not given.each:
        raise ConfigurationError(f"--as {written_as} says how an entity is shown, but none was given")
    named = asked_task(task, prompt)
    place = engine_settings(engine, url, served_as, enforced_by)
    outputs = outputs_of(answer if named is None else answer or named.output)
    _check_modalities(*(("--answer", name) for name in outputs), ("--as", written_as))
    written = outputs[-1] if outputs else None
    if calibrated is not None:
        refuse_calibration(calibrated, outputs)
        if stream and calibrated.labels:
            raise ConfigurationError("an answer among labels is chosen as a whole; leave out --stream")
    refuse_checks(checks, relax, written, stream)
    if output is not None:
        check_destination(Path(output), written, folder=output.endswith("/"))
    settings: dict[str, Any] = {"num_samples": num_samples, "temperature": temperature, "top_p": top_p, "seed": seed}
    settings |= {"drafts": drafts, "best_of": best_of, "beams": beams, "guided": not unguided}
    settings["max_new_tokens"] = max_new_tokens
    with named_as_options(length="--length", output="--answer", **shown_names(settings)):
        asked = {"output": outputs or None, "length": None if length is None else parse_length(length), **settings}
        asked["scorer"] = scorer_of(best_by, best_of, checks)
        asked["number"] = None if named is None else asked_number(named)
        asked["constraints"] = parsed_constraints(constraint or ())
        request_of("checked before anything is read", **asked)
    tokenizers = named_tokenizers(tokenizer or ())
    parts: Sequence[Any]
    if prompt is None and named is not None:
        parts = task_words(named, given.read(), written_as)
    else:
        words = _standard_input() if prompt == STANDARD_INPUT else prompt or ""
        parts = build_prompt(words, given.read(), written_as=written_as)
    projectors = _projectors(soft, written_as)
    request = request_of(parts if projectors is None else _shown(projectors, parts), **asked)
    with shown_log(quiet):
        opened = open_chosen(engine, model, tokenizers, place, projectors)
        doubts = calibration_doubts(calibrated, opened, request)
        if calibrated is not None and calibrated.labels:
            replies = [chosen_answer(opened, request, calibrated)]
        else:
            replies = _ask(opened, stream, request)
        answers = with_evidence(check_and_relax(replies, checks, relax), calibrated, doubts)
    _print_answers(answers, stream, as_json)
    if checks is not None and not as_json:
        print_verdicts(answers)
    if output is not None:
        _write(answers, output, written)
    if all(one.error is not None for one in answers):
        raise typer.Exit(1)


def _projectors(folders: Sequence[str] | None, written_as: str | None) -> SoftTokens | None:
    """Return what shows entities as vectors; None where no folder is given."""
    if not folders:
        return None
    if written_as is not None:
        raise ConfigurationError(f"--as {written_as} shows entities as tokens and --soft as vectors; leave one out")
    from biomatrix.soft.soft_tokens import SoftTokens

    return SoftTokens.from_pretrained(folders)


def _shown(projectors: SoftTokens, parts: Sequence[Any]) -> Sequence[Any]:
    """Return a prompt with its entities as vectors; ConfigurationError where it has none that a projector takes."""
    from biomatrix.vocabulary import Deferred

    shown = projectors.shown(parts)
    if not any(isinstance(part, Deferred) for part in shown):
        kinds = " or ".join(projectors.kinds)
        raise ConfigurationError(f"--soft shows a {kinds} as vectors, but none was given")
    return shown


def _check_streamed(*, whole: bool, chosen: bool) -> None:
    """Refuse to stream what is printed as a whole, or chosen once all is written."""
    if whole or chosen:
        named = "--best-of and --beams" if chosen else "--json and --num-samples"
        raise ConfigurationError(f"--stream prints one answer as it is written; leave out {named}")


def _check_modalities(*given: tuple[str, str | None]) -> None:
    """Refuse an option that names no modality, under the option's own name."""
    from biomatrix.entities.modality_registry import modality_class

    for option, name in given:
        if name is None:
            continue
        try:
            modality_class(name)
        except BioMatrixError as error:
            raise ConfigurationError(f"{option} {name}: {error.message}") from error


def _standard_input() -> str:
    """Return the words on standard input; ConfigurationError where they are no text."""
    if sys.stdin is None:  # as the shell's <&- leaves it
        raise ConfigurationError("is closed; give the prompt as an argument", file="<stdin>")
    try:
        return typer.get_binary_stream("stdin").read().decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"the prompt is not UTF-8 text (byte {error.start + 1})", file="<stdin>") from error


def _ask(engine: Engine, stream: bool, request: Request) -> list[Answer]:
    """Return the answers; a stream also prints them while they are written."""
    if stream:
        return list(_print_events(engine.stream(request)))
    return engine.generate([request])[0]


def _print_answers(answers: Sequence[Answer], stream: bool, as_json: bool) -> None:
    """Print the answers in order, as JSON or a line each; of a streamed one only what was wrong with it."""
    from biomatrix.generation.answer_files import describe_answer
    from biomatrix.trust.confidence import UNKNOWN

    if as_json:
        typer.echo(json.dumps([describe_answer(one) for one in answers], indent=2))
        return
    for one in answers:
        if one.error is not None:
            typer.echo(f"no valid answer: {one.error}")
        elif not stream:
            held_back = one.evidence.calibration is not None and one.confidence.abstained is not None
            typer.echo(UNKNOWN if held_back else one.text)
    refused = sum(len(one.refused) for one in answers)
    if refused:
        typer.echo(f"{refused} refused drafts were written again; --json says why", err=True)
    hastened = sum(one.hastened for one in answers)
    if hastened:
        typer.echo(f"{hastened} answers were ended with a ring or branch open, which was then closed", err=True)
    for note in answers[0].notes:
        typer.echo(f"note: {note}", err=True)
    for line in dict.fromkeys(str(one.confidence) for one in answers[:_SHOWN] if one.error is None):
        typer.echo(f"confidence: {line}", err=True)


def _write(answers: Sequence[Answer], output: str, modality: str | None) -> None:
    """Write the answers, and say on standard error what was written and which answers were not."""
    from biomatrix.generation.answer_files import write_answers

    written = write_answers(answers, Path(output), modality, folder=output.endswith("/"))
    shown = output if len(written.paths) > 1 and output.endswith("/") else ", ".join(map(str, written.paths[:_SHOWN]))
    more = f" and {len(written.paths) - _SHOWN} more" if len(written.paths) > _SHOWN and shown != output else ""
    typer.echo(f"wrote {shown}{more}: {written.count} of {len(answers)} answers", err=True)
    for number, reason in written.refused[:_SHOWN]:
        typer.echo(f"answer {number} is not written: {reason}", err=True)
    if len(written.refused) > _SHOWN:
        typer.echo(f"{len(written.refused) - _SHOWN} more answers are not written", err=True)


def _print_events(events: Iterator[Event]) -> Iterator[Answer]:
    """Print the text and tokens of a stream one by one; yield its answers."""
    from biomatrix.generation.events import Finished, Refused, SegmentToken, TextPiece

    for event in events:
        if isinstance(event, TextPiece):
            typer.echo(event.text, nl=False)
        elif isinstance(event, SegmentToken):
            typer.echo(event.token, nl=False)
        elif isinstance(event, Refused):
            typer.echo()
            typer.echo(f"that draft is refused, another follows: {event.reason}", err=True)
        elif isinstance(event, Finished):
            typer.echo()
            yield event.answer
