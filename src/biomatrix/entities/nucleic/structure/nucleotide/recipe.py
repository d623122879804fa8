"""Fit a codebook by a recipe and a table of strands.

A recipe has a ``[fit]`` table (the fields of `NucleotideFit`) and a ``[data]`` table with ``licence``, the text for the
config of the result.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.nucleic.structure.nucleotide.plan import NucleotideFit
from biomatrix.entities.nucleic.structure.nucleotide.training import described, fit_tokenizer
from biomatrix.entities.nucleic.structure.strand_table import read_strands, table_of
from biomatrix.entities.same_run import begin_or_go_on
from biomatrix.entities.settings import Section, checked
from biomatrix.entities.tokenizer_folder import save_weights
from biomatrix.entities.tokenizer_training import FOLDER, TokenizerRecipe, TrainedWeights, TrainingSources
from biomatrix.errors import ConfigurationError


class StrandChoice(Section):
    """On what terms strands are learned from.

    Parameters
    ----------
    licence : str
        The text for the config of the result.
    """

    licence: str


class FitRecipe(Section):
    """The tables of a recipe."""

    fit: NucleotideFit
    data: StrandChoice


def train(recipe: TokenizerRecipe, sources: TrainingSources, output: Path) -> TrainedWeights:
    """Fit by a recipe and write ``output/tokenizer``; of the table of strands only the train split is used.

    Raises
    ------
    ConfigurationError
        A setting of the recipe is unknown, missing or of the wrong type; there is no table of strands, or no strand of
        it may be learned from; the output folder holds a run of other settings.
    """
    plan = checked(dict(recipe.settings), FitRecipe, recipe.file)
    table = table_of(sources.folder)
    chosen = {**plan.data.model_dump(mode="json"), "content": file_sha256(table)}
    noted = {"architecture": recipe.architecture, "fit": asdict(plan.fit), "data": chosen}
    begin_or_go_on(output, noted, (FOLDER,), ("data.licence",))
    records = [record for record in read_strands(table) if record.split == "train"]
    if not records:
        raise ConfigurationError("no strand of the table is of its train split", file=str(table))
    backbones = [record.strand.backbone for record in records if record.strand.backbone is not None]
    tokenizer = fit_tokenizer(backbones, [record.cluster for record in records], plan.fit)
    description = {
        "licence": plan.data.licence,
        "training_data": {
            "strands": len(records),
            "nucleotides": sum(len(record.strand) for record in records),
            "split": "train clusters",
        },
    }
    config = described(tokenizer, plan.fit, description)
    return TrainedWeights(save_weights(output / FOLDER, config, tokenizer.tensors()), {"strands": len(records)})
