"""The report: the inputs, their round trips, the answers of the model, and what those are worth."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from biomatrix.entities import Entity, kind_of, modality
from biomatrix.entities.registration import Example
from biomatrix.errors import BioMatrixError, UnsupportedError
from biomatrix.generation import Answer, Model
from biomatrix.quickstart.roundtrip import RoundTrip
from biomatrix.quickstart.tasks import Reply
from biomatrix.report import Page
from biomatrix.report.page import paragraph
from biomatrix.report.superposition import facing, lay_over
from biomatrix.report.tokens import token_stream
from biomatrix.report.viewer import Model3D, embed_models

INPUT_COLOUR, DECODED_COLOUR = "#8a8f98", "#d9622b"

WORTH = (
    "The model that answers below has {parameters:.1f} million parameters and was trained on two processor cores in "
    "about an hour. It shows that the whole path works: it has learned what entities look like as tokens, not "
    "chemistry or folding. Do not act on its numbers, folds or descriptions. The round trips above depend "
    "on the structure tokenizers alone, and their errors are as stated."
)


def build_page(
    gathered: Sequence[tuple[Example, Sequence[RoundTrip]]], replies: Sequence[Reply], model: Model, name: str
) -> Page:
    """Return the report as a page, not yet written; ``name`` is the model's as the user typed it."""
    what = " and ".join(dict.fromkeys(kind_of(example.entity).plural for example, _ in gathered))
    page = Page(
        "biomatrix quickstart",
        f"Real {what}, written as tokens in every modality they have, read back from the tokens, and put to a small "
        "language model.",
    )
    frames = dict.fromkeys(example.frame for example, _ in gathered if example.frame)
    for frame in frames:
        _add_complex(page, [example.entity for example, _ in gathered if example.frame == frame])
    for example, trips in gathered:
        _add_entity(page, example, trips)
    page.heading(f"What the model {name} answers")
    page.paragraph(WORTH.format(parameters=model.num_parameters / 1e6), "warning")
    for reply in replies:
        _add_reply(page, reply)
    return page


def _add_complex(page: Page, entities: Sequence[Entity]) -> None:
    """Show the entities that were read in one frame, such as a protein and its ligand, together."""
    if len(entities) > 1:
        page.row([embed_models([_model(entity) for entity in entities], "The complex as read. Turn with the mouse.")])


def _add_entity(page: Page, example: Example, trips: Sequence[RoundTrip]) -> None:
    page.heading(example.title)
    page.paragraph(f"From {example.origin}.", "note")
    for note in example.entity.notes:
        page.paragraph(note, "note")
    for trip in trips:
        for loss in trip.losses:
            page.paragraph(f"{trip.modality.name}: {loss}", "note")
    page.row(_pictures(example.entity, trips))
    page.table(
        ("modality", "tokens", "read back"),
        [
            (
                trip.modality.name,
                len(trip.tokens) or "",
                str(trip.agreement) if trip.agreement else f"refused: {trip.refused}",
            )
            for trip in trips
        ],
    )
    for trip in trips:
        if trip.tokens:
            page.subheading(trip.modality.name)
            page.element(_stream(trip.tokens, trip.modality.name))


def _stream(tokens: Sequence[str], name: str) -> str:
    one = modality(name)
    return token_stream(tokens, name, one.start_token, one.end_token)


def _pictures(entity: Entity, trips: Sequence[RoundTrip]) -> list[str]:
    """Return a drawing where the kind has one, and the input with each decoded structure laid over it."""
    drawing = kind_of(entity).picture(entity)
    pictures = [] if drawing is None else [f"<figure>{drawing}</figure>"]
    if not entity.has_structure or kind_of(entity).viewer is None:
        return pictures
    reference = facing(entity)
    for trip in trips:
        if trip.decoded is not None and trip.decoded.has_structure:
            pictures.append(
                embed_models(
                    [
                        _model(reference, INPUT_COLOUR, "input"),
                        _model(lay_over(trip.decoded, reference), DECODED_COLOUR, "decoded from tokens"),
                    ],
                    "Turn with the mouse.",
                )
            )
    return pictures


def _model(entity: Entity, colour: str | None = None, label: str = "") -> Model3D:
    """Return the entity as a viewer shows it, in the file format its structure is written to."""
    viewer = kind_of(entity).viewer
    if viewer is None:
        raise UnsupportedError(f"no viewer shows a {entity.kind}")
    file_format, style = viewer
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"entity.{file_format}"
        entity.to_file(path)
        return Model3D(path.read_text(encoding="utf-8"), file_format, style, colour, label)


def _add_reply(page: Page, reply: Reply) -> None:
    page.subheading(reply.question.title)
    for part in reply.prompt:
        if isinstance(part, str):
            page.element(token_stream(part.split(), "text"))
        else:
            entity, name = part
            (tokens,) = modality(name).encode_each([entity])
            if not isinstance(tokens, BioMatrixError):  # otherwise the reply says why it was not asked
                page.element(_stream(tokens, name))
    if reply.error:
        page.paragraph(f"Not asked: {reply.error}", "warning")
    if not any(answer.entity for answer in reply.answers):
        for answer, verdict in zip(reply.answers, reply.verdicts, strict=True):
            page.paragraph(f"Answer: {answer.text}" + (f" ({verdict})" if verdict else ""))
        return
    page.row([_card(answer, verdict) for answer, verdict in zip(reply.answers, reply.verdicts, strict=True)])


def _card(answer: Answer, verdict: str) -> str:
    """Return one answer as HTML: its picture, its tokens, and its verdict."""
    parts = []
    drawing = None if answer.entity is None else kind_of(answer.entity).picture(answer.entity)
    if drawing is not None:
        parts.append(drawing)
    if answer.entity is not None and answer.entity.has_structure and kind_of(answer.entity).viewer is not None:
        parts.append(embed_models([_model(facing(answer.entity))], "Turn with the mouse."))
    for segment in answer.segments:
        if segment.modality and segment.tokens:
            parts.append(token_stream(segment.tokens, segment.modality, shown=60))
    return f"<div>{''.join(parts)}{paragraph(verdict, 'note')}</div>"
