"""How much of an entity came back, in one line: the same text, the same graph, the distance between structures."""

from __future__ import annotations

from dataclasses import dataclass

from biomatrix.entities import Entity, Molecule, Protein
from biomatrix.errors import ConfigurationError
from biomatrix.trust.check import Check
from biomatrix.trust.round_trip import compare_backbones, compare_conformers, compare_graphs


@dataclass(frozen=True)
class Agreement:
    """What two entities share; a field is None where it does not apply.

    Parameters
    ----------
    same_text : bool, optional
        The same canonical isomeric SMILES, or the same sequence; None where one side has no sequence.
    same_graph : bool, optional
        The same molecule when stereochemistry and isotopes are left aside.
    rmsd : float, optional
        Angstrom after superposition: all explicit atoms of a molecule; N, CA, C of a protein.
    tm_score : float, optional
        TM-score over the CA atoms resolved in both.
    """

    same_text: bool | None = None
    same_graph: bool | None = None
    rmsd: float | None = None
    tm_score: float | None = None

    def __str__(self) -> str:
        parts = []
        if self.same_text is not None:
            parts.append("identical text" if self.same_text else "text differs")
        if self.same_graph is False:
            parts.append("different molecule")
        elif self.same_graph and not self.same_text:
            parts.append("same graph")
        if self.rmsd is not None:
            parts.append(f"RMSD {self.rmsd:.2f} A")
        if self.tm_score is not None:
            parts.append(f"TM-score {self.tm_score:.3f}")
        return ", ".join(parts)


def compare(original: Entity, decoded: Entity) -> Agreement:
    """Return what two entities of one kind share."""
    if isinstance(original, Molecule) and isinstance(decoded, Molecule):
        return compare_molecules(original, decoded)
    if isinstance(original, Protein) and isinstance(decoded, Protein):
        return compare_proteins(original, decoded)
    raise ConfigurationError(f"a {original.kind} and a {decoded.kind} cannot be compared")


def compare_molecules(original: Molecule, decoded: Molecule) -> Agreement:
    """Return whether two molecules are the same, and how far their atoms are apart."""
    same_graph = _answers(compare_graphs(original, decoded))["same graph"].passed
    distance = _answers(compare_conformers(original, decoded))["conformer RMSD"].value if same_graph else None
    return Agreement(same_text=original.smiles == decoded.smiles, same_graph=same_graph, rmsd=distance)


def compare_proteins(original: Protein, decoded: Protein) -> Agreement:
    """Return whether two chains have the same sequence, and how far their backbones are apart.

    A side whose sequence is all X was decoded from structure alone and says nothing about the sequence.
    """
    named = set(original.sequence) != {"X"} and set(decoded.sequence) != {"X"}
    same = original.sequence == decoded.sequence if named else None
    if not (original.has_structure and decoded.has_structure and len(original) == len(decoded)):
        return Agreement(same_text=same)
    answers = _answers(compare_backbones(original, decoded))
    return Agreement(same_text=same, rmsd=answers["backbone RMSD"].value, tm_score=answers["TM-score"].value)


def _answers(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}
