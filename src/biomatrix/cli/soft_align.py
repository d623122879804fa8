"""``biomatrix soft align``: a projector from pairs of entities and texts, judged beside its controls."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from biomatrix.cli.console import Quiet, refusals_in_json, shown_log
from biomatrix.cli.plain_tables import text_table
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.encoder import Encoder
    from biomatrix.entities.rejects import Reject
    from biomatrix.soft.alignment.fitting import FitSettings
    from biomatrix.soft.alignment.pairs import PairSet

EXAMPLE = (
    "biomatrix soft align train.tsv --find test.tsv --kind molecule --entity-column SMILES --text-column description "
    "--encoder fingerprints -o molecule_projector"
)
CELLS = (
    "biomatrix soft align pbmc.h5ad --ontology cell_types.parquet --encoder expression_pca --layers 1 -o cell_projector"
)


class _Read(NamedTuple):
    """What files hold: pairs to fit and to find, the encoder, and the rows that are no pair."""

    train: PairSet
    test: PairSet
    encoder: Encoder
    rejects: list[Reject]


class Goal(StrEnum):
    """What a projector is trained for."""

    EMBEDDING = "embedding"
    HIDDEN = "hidden"
    AUTOREGRESSIVE = "autoregressive"


class Scaling(StrEnum):
    """What is taken off the encoder's vectors."""

    ALL = "all"
    EACH = "each"
    NONE = "none"


class Repeats(StrEnum):
    """What pairs of one key are to one another."""

    POSITIVES = "positives"
    NEGATIVES = "negatives"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=f"Example: {EXAMPLE}; {CELLS}")(align)


@refusals_in_json
def align(
    pairs: Annotated[
        Path, typer.Argument(help="Entities and texts: .tsv, .txt, .csv, .jsonl, .parquet; or, with --ontology, cells.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder of the projector and all about it.")],
    encoder: Annotated[
        str,
        typer.Option(help="The frozen encoder: fingerprints, morgan, auto:FOLDER, ...; expression_pca is fitted here."),
    ],
    find: Annotated[
        Path | None, typer.Option(help="Pairs to find, in the same form; without it a tenth of PAIRS, by key.")
    ] = None,
    kind: Annotated[str, typer.Option(help="The kind of the entities.")] = "molecule",
    entity_column: Annotated[str, typer.Option(help="The column that spells the entity.")] = "entity",
    text_column: Annotated[
        list[str] | None, typer.Option(help="The column of the text; repeatable, for several wordings.")
    ] = None,
    key_column: Annotated[str, typer.Option(help="The column of what rows are of; the text itself by default.")] = "",
    unquoted: Annotated[
        bool, typer.Option("--unquoted", help="Quotation marks are characters; columns are parted by tabs.")
    ] = False,
    ontology: Annotated[
        Path | None, typer.Option(help="A table of the Cell Ontology: PAIRS are annotated cells, texts its types'.")
    ] = None,
    type_column: Annotated[str, typer.Option(help="The column of obs with ids of the ontology.")] = "cell_ontology_id",
    split_column: Annotated[str, typer.Option(help="The column of obs that says train or test.")] = "split",
    decoder: Annotated[str, typer.Option(help="The model to whose embeddings entities are brought.")] = "nano",
    texts: Annotated[
        str, typer.Option(help="Texts as: tfidf[,width=N,words=N], mean_embedding, hidden_states, network:FOLDER.")
    ] = "tfidf",
    goal: Annotated[
        Goal, typer.Option(help="Contrast in embedding or hidden space, or the decoder's loss on the description.")
    ] = Goal.EMBEDDING,
    layers: Annotated[int, typer.Option(help="Of the projector: 1 is a linear map, at most 3.")] = 2,
    width: Annotated[int, typer.Option(help="Of its hidden layers.")] = 512,
    dropout: Annotated[float, typer.Option(help="In its hidden layers, in training.")] = 0.3,
    learned: Annotated[int, typer.Option(help="Learned vectors beside those of each entity.")] = 0,
    scaling: Annotated[
        Scaling, typer.Option(help="Divide the encoder's numbers by one spread, each by its own, or not at all.")
    ] = Scaling.ALL,
    from_ridge: Annotated[
        bool, typer.Option("--from-ridge", help="Start a projector of one layer as ridge regression.")
    ] = False,
    epochs: Annotated[int, typer.Option(help="At most; it stops when the held-out loss no longer falls.")] = 30,
    batch_size: Annotated[int, typer.Option(help="Pairs that are told apart at once.")] = 256,
    learning_rate: Annotated[float, typer.Option(help="Of AdamW, at its peak.")] = 2e-3,
    weight_decay: Annotated[float, typer.Option(help="Of AdamW.")] = 0.05,
    temperature: Annotated[float, typer.Option(help="At the start; it is learned.")] = 0.07,
    one_way: Annotated[bool, typer.Option("--one-way", help="Contrast entities with texts alone.")] = False,
    repeats: Annotated[
        Repeats, typer.Option("--same-key", help="What pairs of one key in a batch are to one another.")
    ] = Repeats.POSITIVES,
    distinct_keys: Annotated[bool, typer.Option("--distinct-keys", help="Batches hold each key once.")] = False,
    held_out: Annotated[
        float, typer.Option("--held-out-share", help="Share of the training pairs that tells when to stop.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="Same seed, same projector.")] = 0,
    cache: Annotated[Path | None, typer.Option(help="A folder for vectors, so that they are made once.")] = None,
    no_controls: Annotated[
        bool, typer.Option("--no-controls", help="Leave out the controls that are trained, for a first look.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Align a projector with texts, so that a decoder's prompt can show entities as vectors.

    Encoder, texts and decoder stay frozen. The folder holds the projector, for `bm.load(MODEL, soft=FOLDER)` and
    `biomatrix soft retrieve`, the table of what is found beside its controls, and report.html. A run that was stopped
    goes on where it was.
    """
    from biomatrix.soft.alignment.fitting import FitSettings
    from biomatrix.soft.alignment.losses import ContrastSettings
    from biomatrix.soft.alignment.settings import AlignmentSettings
    from biomatrix.soft.projector import ProjectorSettings

    settings = FitSettings(
        ProjectorSettings(layers=layers, width=width, dropout=dropout, learned=learned),
        AlignmentSettings(
            epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, weight_decay=weight_decay,
            distinct_keys=distinct_keys, held_out=held_out, seed=seed,
        ),
        ContrastSettings(two_way=not one_way, repeats=repeats.value, temperature=temperature),
        scaling=scaling.value,
        from_ridge=from_ridge,
    )  # fmt: skip
    with shown_log(quiet):
        if ontology is not None:
            read = _cells(pairs, ontology, type_column, split_column, encoder, output)
        else:
            told = tuple(text_column or ["text"])
            read = _rows(pairs, find, (kind, entity_column, told, key_column, unquoted), encoder, seed)
        found = _run(read, decoder, texts, goal, settings, output, cache, not no_controls)
    typer.echo(
        json.dumps(found) if as_json else "\n".join([*_lines(found), found["told"], f"report: {output}/report.html"])
    )


def _rows(
    pairs: Path, find: Path | None, columns: tuple[str, str, tuple[str, ...], str, bool], encoder: str, seed: int
) -> _Read:
    """Return the pairs to fit and to find of tables, what they were refused, and the encoder."""
    import logging

    from biomatrix.soft.alignment.loop import held_out_pairs
    from biomatrix.soft.alignment.pairs import key_numbers
    from biomatrix.soft.alignment.texts import Columns, read_pairs
    from biomatrix.soft.encoders import open_encoder

    kind, entity, texts, key, unquoted = columns
    wanted = Columns(kind, entity, texts, key, quoted=not unquoted)
    opened = open_encoder(encoder)
    read = read_pairs(pairs, wanted)
    other = None if find is None else read_pairs(find, wanted)
    rejects = [*read.rejects, *(other.rejects if other else ())]
    log = logging.getLogger("biomatrix.soft")
    for reject in rejects:
        log.warning("left out: %s", reject)
    if other is not None:
        return _Read(read.pairs, other.pairs, opened, rejects)
    drawn, _ = held_out_pairs(key_numbers(read.pairs.keys), 0.1, seed)
    if not len(drawn):
        raise ConfigurationError("too few pairs to hold any out to find; give --find", file=str(pairs))
    test = read.pairs.of(drawn)
    kept = sorted(set(range(len(read.pairs))) - set(drawn.tolist()))
    return _Read(read.pairs.of(kept), test, opened, rejects)


def _cells(file: Path, ontology: Path, type_column: str, split_column: str, encoder: str, output: Path) -> _Read:
    """Return the pairs to fit and to find of annotated cells, and the encoder, fitted where it is named alone."""
    from biomatrix.soft.alignment.cell_files import FITTED, CellColumns, fitted_encoder, read_cell_pairs
    from biomatrix.soft.encoders import open_encoder

    train, test = read_cell_pairs(file, ontology, CellColumns(type_column, split_column))
    return _Read(train, test, fitted_encoder(train, output) if encoder == FITTED else open_encoder(encoder), [])


def _run(
    read: _Read, decoder: str, texts: str, goal: Goal, settings: FitSettings, output: Path, cache: Path | None,
    controls: bool,
) -> dict[str, Any]:  # fmt: skip
    from biomatrix.soft.alignment.decoder import Decoder
    from biomatrix.soft.alignment.folder import save_alignment
    from biomatrix.soft.alignment.run import AlignmentTask, run_alignment
    from biomatrix.soft.report import alignment_page

    task = AlignmentTask(
        read.train, read.test, read.encoder, Decoder(decoder), texts, goal.value, settings, controls, cache,
        read.rejects,
    )  # fmt: skip
    run = run_alignment(task, output)
    about = save_alignment(output, task, run)
    alignment_page(task, run).write(output / "report.html")
    return about


def _lines(found: dict[str, object]) -> list[str]:
    rows: list[dict[str, dict[str, float]]] = found["rows"]  # type: ignore[assignment]
    heads = ["", "text @1", "@5", "@10", "median rank", "entity @1", "@10", "pool"]
    names = ("recall_1", "recall_5", "recall_10")
    lines = [
        [row["name"], *(f"{row['to_text'][name]:.3f}" for name in names), f"{row['to_text']['median_rank']:g}",
         f"{row['to_entity']['recall_1']:.3f}", f"{row['to_entity']['recall_10']:.3f}", f"{row['to_text']['pool']:,}"]
        for row in rows
    ]  # fmt: skip
    return text_table([heads, *lines])
