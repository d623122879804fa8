"""``biomatrix evaluate``: any model on any benchmark, and the comparison of what came of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from biomatrix.cli.console import Quiet, refusals_in_json, shown_log
from biomatrix.cli.engine_options import EnforcedBy, ServedAs
from biomatrix.cli.option_words import named_as_options
from biomatrix.cli.tokenizer_options import named_tokenizers
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.evaluation.comparison import Run
    from biomatrix.evaluation.session import NotRun

_RUN: Final = "run"
_REPORTS: Final = ("report.md", "report.html")
_MOST_DIGITS: Final = 9


class _RunByDefault(TyperGroup):
    """``evaluate TASK`` is ``evaluate run TASK``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_RunByDefault,
    help="Ask a model the questions of benchmarks and score its answers, or join the results of several models.",
    epilog="Example: biomatrix evaluate mol_prop_esol --model nano --model baseline:majority --limit 100",
    no_args_is_help=True,
)


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    parent.add_typer(app, name="evaluate")


@app.callback()
def evaluate() -> None:
    """Ask a model the questions of benchmarks and score its answers, or join the results of several models."""


@app.command(_RUN, epilog="Example: biomatrix evaluate run mol_prop_esol --model nano --from data --limit 100 -o runs")
@refusals_in_json
def run(
    tasks: Annotated[
        list[str],
        typer.Argument(
            metavar="TASK...",
            help="Tasks; or groups: a domain (molecule, protein, interaction), a fine-tuning group, all.",
        ),
    ],
    model: Annotated[
        list[str],
        typer.Option(
            help="A shipped name, a folder or hub id of any causal language model, http://HOST/v1 of an "
            "OpenAI-compatible server, baseline:NAME, or package.module:function; repeatable."
        ),
    ],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FOLDER",
            help="Local copy of the data: FOLDER/SOURCE, or FOLDER itself; the cache (BIOMATRIX_DATA) when not given.",
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            metavar="SOURCE[=FOLDER]",
            help="Take the data of this source where a task has it, such as a "
            "stand-in, perhaps from a folder of its own; repeatable.",
        ),
    ] = None,
    stand_ins: Annotated[
        bool, typer.Option("--stand-ins", help="Take other data of the same form where the official ones are not here.")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="The most rows of a task, a fixed random sample of them.")] = None,
    first: Annotated[bool, typer.Option("--first", help="Let --limit take the first rows.")] = False,
    seeds: Annotated[int, typer.Option(help="How many runs; results are their mean and spread.")] = 1,
    seed: Annotated[int, typer.Option(help="The first run's seed.")] = 0,
    notation: Annotated[str, typer.Option(metavar="smiles|selfies", help="How molecules are written.")] = "smiles",
    constraints: Annotated[
        bool, typer.Option("--constraints/--no-constraints", help="Hold answers to modality, length and constraints.")
    ] = True,
    samples: Annotated[int | None, typer.Option(help="Answers to each row; as the task says when not given.")] = None,
    paraphrase: Annotated[
        str, typer.Option(metavar="N|random", help="Which prompt of the pool; 'random' draws one for each row.")
    ] = "0",
    temperature: Annotated[float | None, typer.Option(help="As the task says when not given; 0 is greedy.")] = None,
    top_p: Annotated[float | None, typer.Option(help="As the task says when not given.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(help="The longest answer in tokens.")] = None,
    batch: Annotated[int, typer.Option(help="Questions that are asked together; changes speed alone.")] = 32,
    leaked: Annotated[
        Path | None, typer.Option(help="Keys of leaked rows, of `biomatrix audit`: scores without them stand beside.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Go on where an earlier run stood, or begin anew.")
    ] = True,
    judge_again: Annotated[bool, typer.Option("--judge-again", help="Score finished runs anew.")] = False,
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="A TOML file of further benchmarks; repeatable.")
    ] = None,
    engine: Annotated[
        str, typer.Option(metavar="transformers|vllm", help="What runs a model in this process.")
    ] = "transformers",
    vocabulary: Annotated[
        str | None,
        typer.Option(
            "--vocabulary-of",
            metavar="MODEL",
            help="The model whose vocabulary a server has; asked in plain text when not given.",
        ),
    ] = None,
    served_as: ServedAs = None,
    enforced_by: EnforcedBy = None,
    tokenizer: Annotated[
        list[str] | None,
        typer.Option(metavar="[MODALITY=]NAME", help="Structure tokenizer of a model that names none; repeatable."),
    ] = None,
    device: Annotated[str | None, typer.Option(help="Such as cuda; a GPU where there is one.")] = None,
    dtype: Annotated[str | None, typer.Option(help="Such as bfloat16.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of logs, results and report.")] = Path(
        "evaluation"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable results.")] = False,
    quiet: Quiet = False,
) -> None:
    """Ask models everything that tasks ask; write a log, a result and a report.

    A run that was interrupted goes on where it stood, with the same result. Exits with 1 when no task could be run.
    """
    from biomatrix.entities.files.folders import make_folder
    from biomatrix.evaluation.leaks import LeakedKeys
    from biomatrix.evaluation.opening import Opening, open_answerer
    from biomatrix.evaluation.run import Handling
    from biomatrix.evaluation.selection import selected
    from biomatrix.evaluation.session import NotRun, folder_name, run_all
    from biomatrix.evaluation.settings import Settings
    from biomatrix.tasks.benchmarks.data_places import places
    from biomatrix.tasks.benchmarks.registry import load_benchmarks

    for path in file or ():
        load_benchmarks(path)
    chosen = selected(tasks)
    options = {
        "limit",
        "seeds",
        "seed",
        "notation",
        "samples",
        "paraphrase",
        "temperature",
        "top_p",
        "max_new_tokens",
        "batch",
    }
    with named_as_options(**{name: f"--{name.replace('_', '-')}" for name in options}):
        settings = Settings(
            limit, first, seeds, seed, notation, constraints, _paraphrase(paraphrase), samples, temperature, top_p,  # type: ignore[arg-type]  # the notation is checked there
            max_new_tokens,
        )  # fmt: skip
        handling = Handling(batch, resume, judge_again)
        for benchmark in chosen:
            settings.resolved(benchmark)
    where = places(source, data or (), chosen, stand_ins=stand_ins)
    keys = None if leaked is None else LeakedKeys.from_file(leaked)
    if len({folder_name(name) for name in model}) < len(model):
        raise ConfigurationError("--model names the same model twice")
    with named_as_options(engine="--engine", enforced_by="--enforced-by"):
        how = Opening(engine, vocabulary, served_as, enforced_by, named_tokenizers(tokenizer or ()), device, dtype)
    done: list[Run | NotRun] = []
    make_folder(output)
    # Told before a model is opened, which may take minutes.
    lacks = {benchmark.name: where.lack(benchmark) for benchmark in chosen}
    ready = [benchmark for benchmark in chosen if not lacks[benchmark.name]]
    # What a user's own code prints is no part of the results.
    with shown_log(quiet), redirect_stdout(sys.stderr):
        for name in model:
            done += [NotRun(task, name, reason) for task, reason in lacks.items() if reason]
            if ready:
                done += run_all(ready, open_answerer(name, how), where, settings, output, handling, keys)
    _finish(done, output, as_json)


@app.command(epilog="Example: biomatrix evaluate report evaluation other_runs -o report.html")
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs, of one or several models.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The report: .html, else Markdown.")] = Path(
        "report.html"
    ),
    title: Annotated[str, typer.Option(help="Its title.")] = "Evaluation",
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="A TOML file of further benchmarks; repeatable.")
    ] = None,
) -> None:
    """Join the results of several models into one report, beside the floors of baselines and the published numbers."""
    from biomatrix.evaluation.comparison import read_runs
    from biomatrix.evaluation.session import write_reports
    from biomatrix.tasks.benchmarks.registry import load_benchmarks

    for path in file or ():
        load_benchmarks(path)
    found = read_runs(runs)
    write_reports(found, [output], title)
    typer.echo(f"wrote {output}: {len(found)} runs", err=True)


def _paraphrase(text: str) -> int | None:
    if text == "random":
        return None
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise ConfigurationError(f"paraphrase is the number of a prompt, from 0, or 'random', not {text[:40]!r}")
    return int(text)


def _missing(run: Run) -> Iterator[str]:
    """Yield which rows and metrics a result lacks."""
    from biomatrix.evaluation.notes import NOT_MEASURED

    task, data = run.result["task"], run.result["data"]
    if data["rows"]["rejected"]:
        yield f"{task}: {data['rows']['rejected']:,} rows could not be read, such as: {data['rejects'][0]}"
    for note in run.result["notes"]:
        if note.endswith(NOT_MEASURED):
            yield f"{task}: {note}"


def _finish(done: Sequence[Run | NotRun], output: Path, as_json: bool) -> None:
    """Write the report, print what came of each task, and exit with 1 where nothing did."""
    from biomatrix.evaluation.comparison import Run, compared
    from biomatrix.evaluation.session import summary, write_reports
    from biomatrix.evaluation.tables import printed_lines

    finished = [one for one in done if isinstance(one, Run)]
    if finished:
        write_reports(finished, [output / name for name in _REPORTS])
    if as_json:
        typer.echo(json.dumps(summary(done), indent=2, ensure_ascii=False))
    else:
        for text in printed_lines(compared(finished)):
            typer.echo(text)
    for one in done:
        if not isinstance(one, Run):
            typer.echo(f"{one.task} is not run with {one.model}: {one.reason}", err=True)
    for line in dict.fromkeys(line for one in finished for line in _missing(one)):
        typer.echo(line, err=True)
    if finished:
        typer.echo(f"wrote {', '.join(str(output / name) for name in _REPORTS)}", err=True)
    else:
        raise typer.Exit(1)
