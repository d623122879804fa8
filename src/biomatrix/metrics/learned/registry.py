"""The learned scorers by name: where each one's code is, and where its weights come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, Self

from biomatrix.errors import ConfigurationError


class Scorer(Protocol):
    """A network or program that is ready to score.

    What it scores is its own: sequences, molecules, texts. Each has a method that takes a list and returns one value
    for each, NaN or None where there is none.
    """

    @classmethod
    def load(cls, source: str | Path, device: str = "cpu") -> Self:
        """Return it from a folder, a file or a hub id, on a device; ConfigurationError where that is not there."""


@dataclass(frozen=True)
class ScorerUse:
    """One scorer that is known.

    Parameters
    ----------
    title : str
        For people.
    module, name : str
        Its class.
    weights : str
        Where they come from, and their licence as far as it is stated.
    default : str
        What is loaded where no source is given: a hub id that has been downloaded before, a program; "" for none.
    comparable : bool
        Whether its values may be put beside the published ones, given the same weights.
    """

    title: str
    module: str
    name: str
    weights: str
    default: str = ""
    comparable: bool = True


SCORERS: Final[Mapping[str, ScorerUse]] = {
    "esmfold": ScorerUse(
        "ESMFold: pLDDT, PAE, structures",
        "esmfold",
        "ESMFold",
        "Hugging Face facebook/esmfold_v1 (MIT, 8.4 GB)",
        "facebook/esmfold_v1",
    ),
    "protgpt2": ScorerUse(
        "ProtGPT2: perplexity",
        "protgpt2",
        "ProtGPT2",
        "Hugging Face nferruz/ProtGPT2 (Apache-2.0, 3 GB)",
        "nferruz/ProtGPT2",
    ),
    "protein_mpnn": ScorerUse(
        "ProteinMPNN: sequences for backbones",
        "protein_mpnn",
        "ProteinMPNN",
        "github.com/dauparas/ProteinMPNN vanilla_model_weights/v_48_020.pt (MIT), as it is or converted",
    ),
    "egnn": ScorerUse(
        "EGNN property classifier of EDM",
        "egnn",
        "PropertyClassifier",
        "github.com/ehoogeboom/e3_diffusion_for_molecules qm9/property_prediction/outputs (MIT), converted",
    ),
    "protrek": ScorerUse(
        "ProTrek: likeness of sequence and text",
        "protrek",
        "ProTrek",
        "Hugging Face westlake-repl/ProTrek_650M_UniRef50 (MIT), the whole folder",
        "westlake-repl/ProTrek_650M_UniRef50",
    ),
    "pubmedbert": ScorerUse(
        "PubMedBERT: likeness of two texts",
        "text_likeness",
        "TextLikeness",
        "Hugging Face microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext (MIT)",
        "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext",
    ),
    "property": ScorerUse(
        "Solubility, BBBP and hERG predictors of one's own",
        "property_predictor",
        "PropertyPredictor",
        "any sequence classifier over SMILES, or a fingerprint model; the published ones are a closed service",
        comparable=False,
    ),
    "interproscan": ScorerUse(
        "InterProScan: entries found in sequences",
        "interproscan",
        "InterProScan",
        "ebi.ac.uk/interpro/download/InterProScan (Apache-2.0), a program",
        "interproscan.sh",
    ),
    "mmseqs2": ScorerUse(
        "MMseqs2: identity of sequences to each other",
        "mmseqs",
        "MMseqs",
        "github.com/soedinglab/MMseqs2 (MIT), a program",
        "mmseqs",
    ),
}


def load_scorer(name: str, source: str | Path | None = None, device: str = "cpu") -> Any:
    """Return a scorer that is ready.

    Parameters
    ----------
    name : str
        One of :data:`SCORERS`.
    source : str or path, optional
        A folder, a file, the id of a model that was downloaded from the hub before, or a program. By default the one
        that :data:`SCORERS` names.
    device : str
        Where a network runs.

    Raises
    ------
    ConfigurationError
        There is no such scorer, no source is given or known, or what it needs is not there.
    """
    if name not in SCORERS:
        raise ConfigurationError(f"no scorer {name!r}; there are {', '.join(SCORERS)}")
    use = SCORERS[name]
    if source is None and not use.default:
        raise ConfigurationError(f"{use.title} needs weights: give the path of {use.weights}")
    module = import_module(f"{__package__}.{use.module}")
    return getattr(module, use.name).load(source if source is not None else use.default, device)
