"""Lines of wrapped tokens to files that open elsewhere."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from biomatrix.conversion.counts import Counts
from biomatrix.conversion.destinations import is_folder, open_destination
from biomatrix.conversion.lines import open_lines
from biomatrix.conversion.outputs import STANDARD_OUTPUT, check_paths, rejects_beside
from biomatrix.conversion.reading import Line, read_lines
from biomatrix.conversion.tokenizer_use import TokenizerUse
from biomatrix.conversion.tokenizers import modality_for, trusted_tokenizers
from biomatrix.conversion.wrapped import unwrap
from biomatrix.entities import Entity, Modality, Reject, kind_of
from biomatrix.entities.counting import count_lines
from biomatrix.entities.modality_settings import modality_of_record
from biomatrix.errors import BioMatrixError
from biomatrix.progress import Progress


def decode_from_lines(
    file: str,
    output: str | Path,
    *,
    tokenizer: str | None = None,
    file_format: str | None = None,
    rejects: Path | None = None,
) -> Counts:
    """Decode JSON lines of :func:`encode_to_lines`, or plain wrapped lines, into entity files, line by line.

    Parameters
    ----------
    file : str
        The lines, gzipped or not, or "-" for standard input.
    output : str or Path
        One file that holds many records (``.sdf``, ``.smi``, ``.selfies``, ``.fasta``, ...), or else a folder (also by
        a slash at the end of text) that receives one file per entity, named by line number and record. A device or a
        pipe is a file; so is standard output, "-", where the format is given.
    tokenizer : str, optional
        Name or folder of the structure tokenizer, for the modalities that have one; lines that name another are
        refused. When not given, the shipped tokenizer that the line names, or the default one.
    file_format : str, optional
        The format to write, where the file name does not tell.
    rejects : Path, optional
        File for the refused lines and records, as JSON lines; ``<output>.rejects.jsonl`` by default, none for
        standard output, a device or a pipe.

    Returns
    -------
    Counts
        Entities written and lines refused, with reasons.

    Raises
    ------
    ConfigurationError
        Nothing can be written there, two of the paths are the same file, or no tokenizer has the name.
    UnsupportedError
        No such format is written.
    """
    to_standard_output = str(output) == STANDARD_OUTPUT
    if rejects is None and not to_standard_output:
        rejects = rejects_beside(Path(output))
    checked = None if to_standard_output else Path(output)
    check_paths(file, checked, rejects, into_folder=is_folder(output, file_format))
    used = TokenizerUse(tokenizer)
    counts = Counts(rejects_file=rejects)
    trusted: Counter[str] = Counter()
    progress = Progress("decoding", partial(count_lines, file), "lines")
    with ExitStack() as stack:
        rejects_stream = stack.enter_context(open_lines(rejects)) if rejects else None

        def refuse(number: int, error: BioMatrixError) -> None:
            counts.reject(Reject(file, number, error.position, error.message, type(error).__name__), rejects_stream)

        with open_destination(output, refuse, file_format) as destination:
            for line in read_lines(file):
                progress.advance()
                if isinstance(line, Reject):
                    counts.reject(line, rejects_stream)
                    continue
                used.note_line(line.text)
                try:
                    entity, one = decode_line(line, tokenizer)
                except BioMatrixError as error:
                    refuse(line.number, error)
                else:
                    if tokenizer is None:
                        trusted.update(trusted_tokenizers(one, line.tokenizer))
                    destination.write(entity, one, line)
        counts.succeeded = destination.count
        counts.notes = (*destination.notes, *used.notes, *map(_trusting, trusted.items()))
    return counts


def _trusting(item: tuple[str, int]) -> str:
    name, lines = item
    return f"lines that do not say which tokenizer wrote them, read by the default {name!r}: {lines:,}"


def decode_line(line: Line, tokenizer: str | None = None) -> tuple[Entity, Modality]:
    """Return the entity of a line, under the labels and the name that the line holds, and its modality.

    Raises
    ------
    BioMatrixError
        The tokens spell nothing, belong to another tokenizer, or do not fit the labels.
    """
    one, tokens = unwrap(line.text)
    if line.settings:
        one = modality_of_record(one.name, line.settings)
    one = modality_for(one, line.tokenizer, tokenizer)
    entity = one.decode(tokens)
    kind = kind_of(entity)
    if line.labels is not None and one.needs_structure:
        entity = kind.with_labels(entity, line.labels, line.name)
    return (kind.named(entity, line.name) if line.name and entity.name != line.name else entity), one
