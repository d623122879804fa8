"""Links from files to files: what is refused before any work, what is written, what is counted."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from biomatrix.conversion.counts import Counts
from biomatrix.conversion.lines import open_lines
from biomatrix.conversion.outputs import STANDARD_OUTPUT, check_paths, rejects_beside, standard_output
from biomatrix.entities.files.reading import read_lines
from biomatrix.errors import ConfigurationError
from biomatrix.links.gene_places import GenePlaces
from biomatrix.links.link_files import bedpe_lines, kept_rows, table_lines
from biomatrix.links.run import find_links
from biomatrix.links.settings import Settings

log = logging.getLogger(__name__)


def write_links(
    file: Path,
    wanted: Sequence[str],
    output: Path | None,
    settings: Settings,
    genes: GenePlaces | None = None,
    *,
    bedpe: Path | None = None,
    rejects: Path | None = None,
    top: int | None = None,
    least: float = 0.0,
) -> Counts:
    """Find links and write them.

    Parameters
    ----------
    file : Path
    wanted : sequence of str
        As of :func:`biomatrix.links.run.find_links`.
    output : Path, optional
        The table; standard output where it is None or "-".
    settings : Settings
    genes : GenePlaces, optional
    bedpe : Path, optional
        The same links for a genome browser.
    rejects : Path, optional
        File for the names and rows that were left out, as JSON lines; beside the output by default.
    top : int, optional
        The most links per gene.
    least : float
        The lowest score.

    Raises
    ------
    ConfigurationError
        Two of the paths are the same file, one cannot be written, or nothing can be linked.
    """
    if output is not None and str(output) == STANDARD_OUTPUT:
        output = None
    if rejects is None and output is not None:
        rejects = rejects_beside(output)
    check_paths(str(file), output, rejects)
    if bedpe is not None:
        check_paths(str(file), bedpe, rejects)
        if output is not None:
            check_paths(str(output), bedpe, None)
    links = find_links(file, wanted, settings, genes)
    rows = kept_rows(links, top, least)
    counts = Counts(rejects_file=rejects, notes=links.notes)
    with ExitStack() as stack:
        stream = stack.enter_context(open_lines(output) if output else standard_output())
        told = stack.enter_context(open_lines(rejects)) if rejects else None
        for reject in links.rejects:
            counts.reject(reject, told)
        for line in table_lines(links, rows):
            stream.write(line)
        if bedpe is not None:
            arcs = stack.enter_context(open_lines(bedpe))
            for line in bedpe_lines(links, rows):
                arcs.write(line)
    counts.succeeded = len(rows)
    return counts


def named_genes(given: Sequence[str]) -> list[str]:
    """Return the names of genes in options: parted by commas, or ``@FILE`` with one per line.

    Raises
    ------
    ConfigurationError
        A file is not there.
    """
    return list(dict.fromkeys(name for text in given for name in _names(text)))


def _names(text: str) -> Iterator[str]:
    if text.startswith("@"):
        path = Path(text[1:])
        if not path.is_file():
            raise ConfigurationError("no such file of genes, one name per line", file=str(path))
        yield from (line.strip() for line in read_lines(path) if line.strip() and not line.startswith("#"))
    else:
        yield from (name.strip() for name in text.split(",") if name.strip())
