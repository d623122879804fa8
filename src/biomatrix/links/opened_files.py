"""The files of one run, opened: regions, expression, and what links the cells of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import assembly_named
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError
from biomatrix.links.cell_files import Expressed, expression_of_cells, open_cells, regions_of_cells
from biomatrix.links.fragments import fragments_over_regions
from biomatrix.links.gene_places import GenePlaces
from biomatrix.links.region_files import is_region_file, read_region_file, without_signal_notes
from biomatrix.links.region_set import RegionSet
from biomatrix.links.settings import Settings


@dataclass(frozen=True, eq=False)
class Opened:
    """What the files hold: regions, the barcodes of their cells, expression, and what was left out."""

    regions: RegionSet
    cells: NDArray[np.object_] | None
    expressed: Expressed | None
    rejects: list[Reject]


def opened_files(file: Path, settings: Settings, genes: GenePlaces) -> Opened:
    """Return what the files of the settings hold.

    Raises
    ------
    BioMatrixError
        A file is missing or wrong, or does not go with another.
    """
    for path in (file, settings.rna, settings.fragments):
        if path is not None and not path.exists():
            raise ConfigurationError("no such file", file=str(path))
    assembly = None if settings.assembly is None else assembly_named(settings.assembly, human=False)
    expressed = None
    if settings.rna is not None:
        expressed = expression_of_cells(open_cells(settings.rna), genes, settings.totals, str(settings.rna))
        if expressed is None:
            raise ConfigurationError("holds regions but no expression", file=str(settings.rna))
    if not is_region_file(file):
        return _of_cells(file, assembly, expressed, settings, genes)
    if assembly is None:
        raise ConfigurationError(
            "a table does not say which genome its regions lie on; give --assembly hg38", file=str(file)
        )
    regions, rejects = read_region_file(file, assembly)
    if settings.fragments is None:
        if expressed is not None:
            raise ConfigurationError(
                "a table of regions has no cells, so --expression says nothing of them; give the --fragments of "
                "the same cells too, or, where this is a file of fragments, give it as --fragments beside a list "
                "of peaks",
                file=str(file),
            )
        return Opened(regions, None, None, rejects)
    if expressed is None:
        raise ConfigurationError("--fragments are counted over the cells of --expression; name that file")
    counts, notes = fragments_over_regions(settings.fragments, regions, expressed.cells)
    with_cells = vars(regions) | {
        "signal": np.asarray(counts.sum(axis=0)).ravel(),
        "opened": counts.tocsc(),
        "notes": (*without_signal_notes(regions.notes), *notes),
    }
    return Opened(RegionSet(**with_cells), expressed.cells, expressed, rejects)


def _of_cells(
    file: Path, assembly: str | None, expressed: Expressed | None, settings: Settings, genes: GenePlaces
) -> Opened:
    if settings.fragments is not None:
        raise ConfigurationError("--fragments are counted over a table of regions, not over cells", file=str(file))
    adata = open_cells(file)
    regions = regions_of_cells(adata, assembly, str(file))
    if regions is None:
        raise ConfigurationError(
            "no variable is a region; columns chrom, start, end, or names such as chr1:100-200 tell them",
            file=str(file),
        )
    found = expressed or expression_of_cells(adata, genes, settings.totals, str(file))
    return Opened(regions, np.array(adata.obs_names, dtype=object), found, [])
