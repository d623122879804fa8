"""Two small operations of the shipped model, to drive jobs and tools with; as a program, the command with them.

As a program: ``python small_operations.py mcp`` is ``biomatrix mcp`` with these operations beside the package's own.
"""

from __future__ import annotations

import functools
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

import biomatrix as bm
from biomatrix.entities.kind_registry import kind_of
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.operations.operation import Operation, register
from biomatrix.serving.parsing import DirectParser
from biomatrix.serving.schemas.entities import ToldEntity
from biomatrix.serving.service import Service


class SpellAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    smiles: Annotated[str, Field(description="A molecule as SMILES.", max_length=1000)]


class SpellTold(BaseModel):
    tokens: list[str]
    entity: ToldEntity


class WriteAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    samples: Annotated[int, Field(ge=1, le=64, description="How many molecules.")] = 1
    least: Annotated[int, Field(ge=1, description="Atoms.")] = 3
    most: Annotated[int, Field(le=400, description="Atoms.")] = 6
    seed: int = 0


class WriteTold(BaseModel):
    entities: list[ToldEntity]
    logprobs: list[float]


def spell(service: Service, asked: SpellAsked) -> SpellTold:
    molecule = service.parser.parse(asked.smiles, "molecule")
    return SpellTold(tokens=bm.modality("molecule_selfies").encode(molecule), entity=told(molecule))


def write(service: Service, asked: WriteAsked) -> WriteTold:
    answers = service.model.generate(
        "Write a molecule.",
        output="molecule_selfies",
        length=(asked.least, asked.most),
        num_samples=asked.samples,
        seed=asked.seed,
    )
    entities = [told(answer.entity) for answer in answers if answer.entity is not None]
    return WriteTold(entities=entities, logprobs=[answer.logprob for answer in answers] + [float("nan")])


def told(entity: bm.Molecule) -> ToldEntity:
    kind = kind_of(entity)
    smi = kind.record_bytes(entity, "smi").decode()
    return ToldEntity(
        kind=entity.kind,
        text=kind.text(entity),
        has_structure=entity.has_structure,
        formats={"smi": smi},
        picture=kind.picture(entity),
    )


SPELL = register(
    Operation("spell_molecule", "Write a molecule as tokens.", SpellAsked, SpellTold, spell, {"smiles": "CCO"})
)
WRITE = register(
    Operation("write_molecules", "Write molecules.", WriteAsked, WriteTold, write, {"samples": 2}, generates=True)
)


@functools.cache
def service() -> Service:
    limits = ServingLimits()
    return Service(bm.load("nano"), DirectParser(limits), limits)


if __name__ == "__main__":
    from biomatrix.cli.main import main

    main()
