"""``biomatrix calibrate``: ask a model about labelled records, and write how wrong it is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from biomatrix.cli.calibration_report import check_figure, report_lines, write_figure
from biomatrix.cli.console import Quiet, shown_log
from biomatrix.cli.task_options import subject_of
from biomatrix.errors import BioMatrixError, ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities import Entity, Kind
    from biomatrix.tasks import Task
    from biomatrix.trust import Calibration


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    example = "biomatrix calibrate esol.csv --task predict_log_solubility --label logSolubility "
    example += "--held-out -o calibration.json"
    app.command(epilog=f"Example: {example}")(calibrate)


def calibrate(
    table: Annotated[Path, typer.Argument(help="A .csv or .tsv file (perhaps .gz) with a header, a record a line.")],
    task: Annotated[str, typer.Option(help="What is asked, as `biomatrix tasks list` names it.")],
    label: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the true answers.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .json or .parquet file.")],
    entity: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column of the entities; by default the first that is one.")
    ] = None,
    written_as: Annotated[
        str | None, typer.Option("--as", help="The modality in which the model sees the entities.")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="absolute or normalised (by the spread of samples, as when not given) for numbers; lac or aps for "
            "choices."
        ),
    ] = None,
    coverage: Annotated[float, typer.Option(help="How often an interval should hold the truth.")] = 0.9,
    num_samples: Annotated[int, typer.Option("--num-samples", "-n", help="Samples a record, whose median counts.")] = 8,
    seed: Annotated[int, typer.Option(help="Same seed, same answers.")] = 0,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only records whose labels the shipped models were not trained on.")
    ] = False,
    unit: Annotated[str, typer.Option(help="Of the numbers, where the task names none, such as 'log mol/L'.")] = "",
    recalibrate: Annotated[
        str | None,
        typer.Option(
            metavar="temperature|platt|isotonic",
            help="Of two choices: fit probabilities that come true on the first half of the records.",
        ),
    ] = None,
    risk: Annotated[
        float | None,
        typer.Option(
            help="The wanted mean error of numbers, or share of wrong choices: answers less sure than keeps to it "
            "are then held back as unknown."
        ),
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Draw the risk of the surest answers by their share.")
    ] = None,
    model: Annotated[str, typer.Option(help="A shipped name, a folder or a hub id.")] = "nano",
    quiet: Quiet = False,
) -> None:
    """Ask a model about records that it was not trained on, and write what intervals of its answers are made from."""
    from biomatrix.corpus.holdout import is_held_out, is_property_held_out
    from biomatrix.entities.files.writing import check_writable
    from biomatrix.generation.calibrating import (
        calibrate_task,
        checked_method,
        checked_recalibration,
        checked_unit,
    )
    from biomatrix.generation.model import load
    from biomatrix.tasks import task as task_named

    if not 0.0 < coverage < 1.0:
        raise ConfigurationError(f"--coverage is a share above 0 and below 1, not {coverage}")
    if num_samples < 1:
        raise ConfigurationError(f"--num-samples is at least 1, not {num_samples}")
    if output.suffix not in (".json", ".parquet"):
        raise ConfigurationError("a calibration is a .json or a .parquet file", file=str(output))
    if risk is not None and not 0.0 <= risk < math.inf:
        raise ConfigurationError(f"--risk is an error of at least 0, not {risk}")
    check_writable(output)
    check_figure(figure)
    asked = task_named(task)
    placeholder, kind = subject_of(asked)
    way = checked_method(asked, method, num_samples, coverage)
    checked_unit(asked, unit)
    checked_recalibration(asked, recalibrate)
    refused: list[BioMatrixError] = []
    records = list(_records(table, kind, entity, label, asked, refused))
    if refused and not records:
        raise ConfigurationError(f"no record is read; the first: {refused[0]}", file=str(table))
    unseen = [one for one in records if not held_out or is_held_out(one[0]) or is_property_held_out(one[0])]
    values = [({placeholder: (one, written_as) if written_as else one}, text) for one, text in unseen]
    with shown_log(quiet):
        made = calibrate_task(
            load(model), asked, values, method=way, coverage=coverage, num_samples=num_samples, seed=seed,
            data=table.name, held_out=held_out or None, unit=unit, risk=risk, recalibration=recalibrate,
        )  # fmt: skip
    made.calibration.save(output)
    trained_on = (
        f"{len(records) - len(unseen)} trained on" if held_out else "trained on: not looked at (give --held-out)"
    )
    read = len(records) + len(refused)
    typer.echo(
        f"wrote {output}: {asked.name}, method {way}{_width(made.calibration)}; calibrated on "
        f"{len(made.calibration.scores)} of {read} records; left out: {len(refused)} not read, "
        f"{made.left_out} without an answer, {trained_on}; {made.unstated} samples state no number",
        err=True,
    )
    for line in report_lines(made):
        typer.echo(line, err=True)
    if figure is not None:
        write_figure(made, figure)
        typer.echo(f"wrote {figure}", err=True)
    for error in refused[:3]:
        typer.echo(f"not read: {error}", err=True)


def _width(made: Calibration) -> str:
    """Return how wide the intervals of numbers are, of samples that spread as is usual."""
    if not made.is_interval:
        return ""
    half = made.threshold() * (2 * made.floor if made.method == "normalised" else 1.0)
    usual = " at the usual spread of samples" if made.method == "normalised" else ""
    return f", {made.coverage:.0%} interval of plus or minus {half:.3g} {made.unit}".rstrip() + usual


def _records(
    table: Path, kind: Kind, entity: str | None, label: str, task: Task, refused: list[BioMatrixError]
) -> Iterator[tuple[Entity, str]]:
    """Yield the entity and the label of each line; list the lines without either, or whose label is no answer."""
    from biomatrix.corpus.sources.text_tables import csv_rows

    separator = "\t" if ".tsv" in table.suffixes else ","
    for number, row in enumerate(csv_rows(table, separator), start=1):
        if label not in row or (entity is not None and entity not in row):
            raise ConfigurationError(f"no such column; it has {', '.join(row)}", file=str(table))
        column = entity or _entity_column(kind, row, label, table)
        try:
            if not row[label].strip():
                raise ConfigurationError(f"no {label}")
            task.parse(row[label])
            yield kind.parse(row[column]), row[label]
        except BioMatrixError as error:
            refused.append(error.at(file=table.name, record=number))


def _entity_column(kind: Kind, row: dict[str, str], label: str, table: Path) -> str:
    for column, text in row.items():
        try:
            if column != label and text.strip():
                kind.parse(text)
                return column
        except BioMatrixError:
            continue
    raise ConfigurationError(f"no column holds a {kind.name}; name it with --entity", file=str(table))
