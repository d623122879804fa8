"""The registration of single cells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from biomatrix.entities.cell.files.foreign_formats import FOREIGN_FORMATS
from biomatrix.entities.check import Check
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.registration import FileFormat, Kind, View
from biomatrix.entities.rejects import Reject

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from biomatrix.entities.cell.entity import Cell

_HERE = "biomatrix.entities.cell"
_RANGES = f"{_HERE}.files.records:CellRanges"
_OF_ZARR: Final = ("zarr.json", ".zgroup")
"""What every Zarr store has at its top, of version 3 and 2."""
_ENSEMBL: Final = "ENSG"
_DIGITS: Final = 11
"""Digits of a human Ensembl id after its letters."""
_REMEMBERED: Final = 1 << 17
"""Genes, or values, of which the spelling is kept in memory."""


class CellKind(Kind):
    """Single cells: genes with what they express, perhaps open chromatin."""

    name: ClassVar[str] = "cell"
    plural: ClassVar[str] = "cells"
    typed_as: ClassVar[str] = "symbols of genes, the most expressed first"
    by_default: ClassVar[bool] = False
    formats: ClassVar[tuple[FileFormat, ...]] = (
        FileFormat("h5ad", (".h5ad",), structure=False, ranges=_RANGES),
        FileFormat("zarr", (".zarr", ".zip"), structure=False, ranges=_RANGES),
        FileFormat("10x_h5", (".h5",), writes=False, structure=False, begins_as="h5ad", ranges=_RANGES),
        FileFormat("loom", (".loom",), writes=False, structure=False, begins_as="h5ad", ranges=_RANGES),
        FileFormat("mtx", (".mtx",), writes=False, structure=False),
    )
    refused_extensions: ClassVar[Mapping[str, str]] = FOREIGN_FORMATS
    reading_options: ClassVar[str | None] = f"{_HERE}.reading_options:CellReadingOptions"
    modalities: ClassVar[Mapping[str, str]] = {
        "cell_expression": f"{_HERE}.modalities.expression:CellExpression",
        "cell_accessibility": f"{_HERE}.modalities.accessibility:CellAccessibility",
    }
    encoders: ClassVar[Mapping[str, str]] = {"expression_pca": f"{_HERE}.encoders.expression_pca:ExpressionPCA"}
    held_out_by_identity: ClassVar[bool] = False
    views: ClassVar[tuple[View, ...]] = (
        View("cell_expression", "single", ("cell_expression",)),
        View("cell_accessibility", "single", ("cell_accessibility",)),
    )
    colours: ClassVar[Mapping[str, tuple[str, str]]] = {
        "cell_expression": ("#8a3f7d", "#d79acb"),
        "cell_accessibility": ("#7a5a12", "#d8b45f"),
    }

    @property
    def entity(self) -> type[Cell]:
        from biomatrix.entities.cell.entity import Cell

        return Cell

    def parse(self, text: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> Cell:
        from biomatrix.entities.cell.sentences import read_cell_sentence

        return read_cell_sentence(text).cell(name)

    def text(self, entity: Cell) -> str:
        from biomatrix.entities.cell.sentences import cell_sentence

        return cell_sentence(entity)

    def read(
        self, path: str | Path, file_format: str, *, limits: Limits = DEFAULT_LIMITS, **settings: Any
    ) -> Iterator[Cell | Reject]:
        from biomatrix.entities.cell.files.records import read_cells

        return read_cells(path, limits, **settings)

    def read_one(
        self,
        path: str | Path,
        file_format: str,
        record: int | str | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        **settings: Any,
    ) -> Cell:
        from biomatrix.entities.cell.files.records import read_cell

        return read_cell(path, record, limits, **settings)

    def write(self, entities: Sequence[Cell], path: str | Path, file_format: str, **settings: Any) -> None:
        from biomatrix.entities.cell.cell_set import CellSet

        CellSet.from_cells(entities).to_file(path)

    def recognises(self, head: bytes) -> str | None:
        return "h5ad" if head.startswith(b"\x89HDF") else None

    def recognises_folder(self, path: Path) -> str | None:
        from biomatrix.entities.cell.files.matrix_market import is_matrix_folder

        if any((path / name).is_file() for name in _OF_ZARR):
            return "zarr"
        return "mtx" if is_matrix_folder(path) else None

    def to_bytes(self, entity: Cell) -> bytes:
        """A line of JSON, then the genes as numbers, the values as little-endian float32, the parts of the regions."""
        numbers = _numbers_of(entity.genes)
        header: dict[str, Any] = {
            "genes": len(entity) if numbers is not None else entity.genes.tolist(),
            "scale": entity.scale,
            "total": entity.total,
            "obs": dict(entity.obs),
            "notes": entity.notes,
        }
        body = (b"" if numbers is None else numbers.tobytes()) + entity.values.astype("<f4").tobytes()
        if entity.regions is not None:
            regions = entity.regions
            header["regions"] = {"assembly": regions.assembly, "count": len(regions)}
            body += b"".join(
                array.astype(width).tobytes()
                for array, width in (
                    (regions.chromosome, "<i2"),
                    (regions.start, "<i8"),
                    (regions.end, "<i8"),
                    (regions.count, "<f4"),
                )
            )
        return json.dumps(header).encode() + b"\n" + body

    def from_bytes(self, data: bytes, name: str = "") -> Cell:
        import numpy as np

        from biomatrix.entities.cell.regions import Regions

        head, _, body = data.partition(b"\n")
        header = json.loads(head)
        at, listed = 0, header["genes"]
        if isinstance(listed, int):
            at = 4 * listed
            listed = list(map(_ensembl_id, np.frombuffer(body, "<u4", listed).tolist()))
        genes = np.array(listed, dtype=object)
        values = np.frombuffer(body, dtype="<f4", count=len(genes), offset=at).astype(np.float32)
        regions, at = None, at + 4 * len(genes)
        if (about := header.get("regions")) is not None:
            parts = []
            for width in ("<i2", "<i8", "<i8", "<f4"):
                parts.append(np.frombuffer(body, dtype=width, count=about["count"], offset=at).astype(width[1:]))
                at += parts[-1].nbytes
            regions = Regions(about["assembly"], *parts)
        return self.entity(
            genes,
            values,
            scale=header["scale"],
            total=header["total"],
            regions=regions,
            obs=header["obs"],
            name=name,
            notes=tuple(header["notes"]),
        )

    def identity(self, entity: Cell) -> str:
        """Return a hash of genes, values and regions in an order of their own, whatever the order in the file."""
        order = entity.genes.argsort(kind="stable")
        values = map(_six_digits, entity.values[order].tolist())
        marks = [f"{gene}:{value}" for gene, value in zip(entity.genes[order].tolist(), values, strict=True)]
        if entity.regions is not None:
            one = entity.regions
            marks += [
                one.assembly,
                *(f"{c}:{s}-{e}" for c, s, e in zip(one.chromosome, one.start, one.end, strict=True)),
            ]
        return hashlib.sha256("\n".join(marks).encode()).hexdigest()

    def named(self, entity: Cell, name: str) -> Cell:
        from dataclasses import replace

        return replace(entity, name=name)

    def size(self, entity: Cell) -> None:
        return None

    def check(self, entity: Cell) -> list[Check]:
        from biomatrix.entities.cell.checks import check_expression
        from biomatrix.entities.cell.region_checks import check_regions

        of_genes = check_expression(entity) if len(entity) or entity.regions is None else []
        return of_genes + ([] if entity.regions is None else check_regions(entity.regions, whole=False))

    def compare(self, original: Cell, decoded: Cell) -> list[Check]:
        from biomatrix.entities.cell.compare import compare_expression

        return compare_expression(original, decoded)

    def agree(self, reference: Cell, entity: Cell) -> list[Check]:
        from biomatrix.entities.cell.compare import likeness

        return [likeness(reference, entity)]

    def meaning(self, entity: Cell) -> None:
        return None

    def resemblance(self, first: Cell, second: Cell) -> Check:
        from biomatrix.entities.cell.compare import likeness

        return likeness(first, second)


def _numbers_of(genes: NDArray[np.object_]) -> NDArray[np.uint32] | None:
    """Return the digits of Ensembl ids, of which a record holds a thousand; None where one is no human id."""
    import numpy as np

    numbers = list(map(_digits_of, genes.tolist()))
    return None if None in numbers else np.array(numbers, dtype="<u4")


# Cells of a corpus share genes and counts by the million: each is spelled, or read, once.


@lru_cache(maxsize=_REMEMBERED)
def _digits_of(gene: str) -> int | None:
    """Return the number of a human Ensembl id; None of anything else, and where four bytes do not hold it."""
    digits = gene[len(_ENSEMBL) :]
    if not (gene.startswith(_ENSEMBL) and len(digits) == _DIGITS and digits.isascii() and digits.isdigit()):
        return None
    return number if (number := int(digits)) < 1 << 32 else None


@lru_cache(maxsize=_REMEMBERED)
def _ensembl_id(number: int) -> str:
    return f"{_ENSEMBL}{number:0{_DIGITS}d}"


@lru_cache(maxsize=_REMEMBERED)
def _six_digits(value: float) -> str:
    return f"{value:.6g}"


CELL = CellKind()
