"""The registration of single cells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from biomatrix.entities.check import Check
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.registration import Kind, View

if TYPE_CHECKING:
    from biomatrix.entities.cell.entity import Cell

_HERE = "biomatrix.entities.cell"


class CellKind(Kind):
    """Single cells: genes with what they express, perhaps open chromatin."""

    name: ClassVar[str] = "cell"
    plural: ClassVar[str] = "cells"
    typed_as: ClassVar[str] = "symbols of genes, the most expressed first"
    by_default: ClassVar[bool] = False
    modalities: ClassVar[Mapping[str, str]] = {"cell_expression": f"{_HERE}.modalities.expression:CellExpression"}
    held_out_by_identity: ClassVar[bool] = False
    views: ClassVar[tuple[View, ...]] = (View("cell_expression", "single", ("cell_expression",)),)
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

    def to_bytes(self, entity: Cell) -> bytes:
        """A line of JSON, then the values as little-endian float32 and the parts of the regions."""
        header: dict[str, Any] = {
            "genes": entity.genes.tolist(),
            "scale": entity.scale,
            "total": entity.total,
            "obs": dict(entity.obs),
            "notes": entity.notes,
        }
        body = entity.values.astype("<f4").tobytes()
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
        genes = np.array(header["genes"], dtype=object)
        values = np.frombuffer(body, dtype="<f4", count=len(genes)).astype(np.float32)
        regions, at = None, 4 * len(genes)
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
        marks = [f"{gene}:{value:.6g}" for gene, value in zip(entity.genes[order], entity.values[order], strict=True)]
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

        return check_expression(entity)

    def compare(self, original: Cell, decoded: Cell) -> list[Check]:
        from biomatrix.entities.cell.checks import compare_expression

        return compare_expression(original, decoded)

    def agree(self, reference: Cell, entity: Cell) -> list[Check]:
        from biomatrix.entities.cell.checks import likeness

        return [likeness(reference, entity)]

    def meaning(self, entity: Cell) -> None:
        return None

    def resemblance(self, first: Cell, second: Cell) -> Check:
        from biomatrix.entities.cell.checks import likeness

        return likeness(first, second)


CELL = CellKind()
