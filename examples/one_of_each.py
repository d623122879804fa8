"""Read a protein and a molecule, write them as tokens and back, and ask the small model about both.

    python examples/one_of_each.py

Writes nothing outside the working directory: decoded.sdf, decoded.pdb and fold.pdb.
"""

from __future__ import annotations

import biomatrix as bm
from biomatrix.entities.protein.examples import bundled_protein


def main() -> None:
    """Go there and back, then ask."""
    aspirin = bm.Molecule.from_smiles("CC(=O)Oc1ccccc1C(=O)O", name="aspirin").embed(seed=0)
    chain = bundled_protein("1s3v")
    for entity, modality, path in (
        (aspirin, "molecule_structure", "decoded.sdf"),
        (chain, "protein_structure", "decoded.pdb"),
    ):
        tokens = bm.modality(modality).encode(entity)
        bm.modality(modality).decode(tokens).to_file(path)
        print(modality, len(tokens), "tokens:", *tokens[:6], "...")

    model = bm.load("nano")
    (answer,) = model.generate(["Fold ", chain], output="protein_structure", length=len(chain), seed=0)
    if answer.entity is not None:
        answer.entity.to_file("fold.pdb")
    print("fold:", ", ".join(f"{check.name} {check.passed}" for check in answer.checks))
    (number,) = model.generate(["Log solubility (mol/L) of ", aspirin], greedy=True)
    print("log solubility, as a five-million-parameter model guesses it:", number.text)


if __name__ == "__main__":
    main()
