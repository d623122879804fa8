"""Nucleic acids as records keep them, and what structure tokens cannot carry, kept beside the tokens."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.features import Feature, Interval
from biomatrix.errors import BioMatrixError, ParseError


def stored_bytes(entity: NucleicAcid) -> bytes:
    """Return a line of JSON with every field but the name, then the backbone as little-endian float32."""
    header: dict[str, Any] = {
        **labels_of(entity),
        "kind": entity.kind,
        "strands": entity.strands,
        "circular": entity.circular,
        "soft_masked": entity.soft_masked,
        "features": [_stored_feature(one) for one in entity.features],
        "pairs": entity.pairs,
        "codes": entity.insertion_codes,
        "notes": entity.notes,
        "structure": entity.has_structure,
    }
    body = b"" if entity.backbone is None else entity.backbone.astype("<f4").tobytes()
    return json.dumps(header).encode() + b"\n" + body


def of_stored(data: bytes, name: str) -> NucleicAcid:
    """Return the nucleic acid of :func:`stored_bytes`."""
    head, _, body = data.partition(b"\n")
    header = json.loads(head)
    numbers, codes, pairs = header.get("numbers"), header["codes"], header["pairs"]
    backbone = None
    if header["structure"]:
        backbone = np.frombuffer(body, dtype="<f4").reshape(-1, len(NucleicAcid.ATOMS), 3).astype(np.float32)
    return NucleicAcid(
        header["sequence"],
        header["kind"],
        header["strands"],
        header["circular"],
        soft_masked=tuple(map(tuple, header["soft_masked"])),
        features=tuple(_feature(one) for one in header["features"]),
        pairs=pairs,
        backbone=backbone,
        modified=tuple(map(tuple, header.get("modified", ()))),
        chain=header["chain"],
        residue_numbers=None if numbers is None else np.array(numbers, dtype=np.int32),
        insertion_codes=None if codes is None else tuple(codes),
        name=name,
        notes=tuple(header["notes"]),
    )


def labels_of(entity: NucleicAcid) -> dict[str, Any]:
    """Return the labels of a strand as JSON: ``sequence``, ``chain``, and the others it has."""
    labels: dict[str, Any] = {"sequence": entity.sequence, "chain": entity.chain}
    if entity.residue_numbers is not None:
        labels["numbers"] = entity.residue_numbers.tolist()
    if entity.insertion_codes is not None and any(entity.insertion_codes):
        labels["insertion_codes"] = list(entity.insertion_codes)
    if entity.modified:
        labels["modified"] = [list(one) for one in entity.modified]
    return labels


def with_labels(entity: NucleicAcid, labels: Mapping[str, Any], name: str) -> NucleicAcid:
    """Return a decoded strand under the labels of the one it was encoded from.

    Raises
    ------
    ParseError
        The labels are malformed, name a residue twice, or are of a strand of another length.
    """
    sequence, numbers, codes = labels.get("sequence"), labels.get("numbers"), labels.get("insertion_codes")
    if not isinstance(sequence, str) or len(sequence) != len(entity):
        raise ParseError(f'"labels" needs a "sequence" of {len(entity)} letters')
    if numbers is not None and not (isinstance(numbers, list) and all(type(one) is int for one in numbers)):
        raise ParseError('"numbers" of "labels" must hold one int per residue')
    places = Counter(zip(numbers or (), codes or [""] * len(entity), strict=False))
    twice = next((place for place, count in places.items() if count > 1), None)
    if twice is not None:
        raise ParseError(f'"numbers" of "labels" name residue {twice[0]}{twice[1]} twice; each must be named once')
    try:
        return replace(
            entity,
            sequence=sequence,
            chain=labels.get("chain", "A"),
            residue_numbers=None if numbers is None else np.array(numbers, dtype=np.int32),
            insertion_codes=codes,
            modified=labels.get("modified", ()),
            name=name,
        )
    except OverflowError as error:
        raise ParseError(f'"numbers" of "labels" do not fit 32 bits: {error}') from error
    except BioMatrixError as error:
        raise ParseError(f'"labels" do not fit: {error.message}') from error


def _stored_feature(one: Feature) -> list[Any]:
    qualifiers = dict(one.qualifiers)
    return [one.type, [list(part) for part in one.intervals], one.strand, one.phase, one.table, qualifiers, one.name]


def _feature(stored: list[Any]) -> Feature:
    kind, intervals, *rest = stored
    return Feature(kind, tuple(Interval(*part) for part in intervals), *rest)
