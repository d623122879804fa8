"""Lines of wrapped tokens to files that open elsewhere."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from biomatrix.conversion.counts import Counts
from biomatrix.conversion.destinations import open_destination
from biomatrix.conversion.lines import open_lines
from biomatrix.conversion.outputs import STANDARD_OUTPUT, check_paths, rejects_beside
from biomatrix.conversion.reading import Line, read_lines
from biomatrix.conversion.tokenizers import modality_for
from biomatrix.conversion.wrapped import unwrap
from biomatrix.entities import Entity, Modality, Reject, kind_of
from biomatrix.errors import BioMatrixError, ConfigurationError


def decode_from_lines(file: str, output: Path, *, tokenizer: str | None = None, rejects: Path | None = None) -> Counts:
    """Decode JSON lines of :func:`encode_to_lines`, or plain wrapped lines, into entity files, line by line.

    Parameters
    ----------
    file : str
        The lines, gzipped or not, or "-" for standard input.
    output : Path
        One file that holds many records (``.sdf``, ``.smi``, ``.selfies``, ``.fasta``, ...), or else a folder
        that receives one file per entity, named by line number and record.
    tokenizer : str, optional
        Name or folder of the structure tokenizer, for the modalities that have one; lines that name another are
        refused. When not given, the shipped tokenizer that the line names, or the default one.
    rejects : Path, optional
        File for the refused lines and records, as JSON lines; ``<output>.rejects.jsonl`` by default.

    Returns
    -------
    Counts
        Entities written and lines refused, with reasons.

    Raises
    ------
    ConfigurationError
        The output is standard output, two of the paths are the same file, or the file of rejects is a folder.
    """
    if str(output) == STANDARD_OUTPUT:
        raise ConfigurationError("entities cannot be decoded to standard output; give a file or a folder")
    rejects = rejects or rejects_beside(output)
    check_paths(file, output, rejects, into_folder=True)
    counts = Counts(rejects_file=rejects)
    with ExitStack() as stack:
        rejects_stream = stack.enter_context(open_lines(rejects))

        def refuse(number: int, error: BioMatrixError) -> None:
            counts.reject(Reject(file, number, error.position, error.message, type(error).__name__), rejects_stream)

        with open_destination(output, refuse) as destination:
            for line in read_lines(file):
                if isinstance(line, Reject):
                    counts.reject(line, rejects_stream)
                    continue
                try:
                    entity, one = decode_line(line, tokenizer)
                except BioMatrixError as error:
                    refuse(line.number, error)
                else:
                    destination.write(entity, one, line)
        counts.succeeded = destination.count
    return counts


def decode_line(line: Line, tokenizer: str | None = None) -> tuple[Entity, Modality]:
    """Return the entity of a line, under the labels and the name that the line holds, and its modality.

    Raises
    ------
    BioMatrixError
        The tokens spell nothing, belong to another tokenizer, or do not fit the labels.
    """
    one, tokens = unwrap(line.text)
    one = modality_for(one, line.tokenizer, tokenizer)
    entity = one.decode(tokens)
    kind = kind_of(entity)
    if line.labels is not None and one.needs_structure:
        entity = kind.with_labels(entity, line.labels, line.name)
    return (kind.named(entity, line.name) if line.name and entity.name != line.name else entity), one
