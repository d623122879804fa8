"""2D drawings of molecules as inline SVG."""

from __future__ import annotations

from typing import Any

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from biomatrix.entities.molecule.entity import Molecule

WIDTH, HEIGHT = 320, 220


def draw(molecule: Molecule, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return an ``<svg>`` element that shows the molecular graph, hydrogens implicit.

    Parameters
    ----------
    molecule : Molecule
        Any molecule; a conformer is ignored.
    width, height : int
        Size in CSS pixels.
    """
    mol = Chem.Mol(Chem.RemoveHs(molecule.mol))
    rdDepictor.Compute2DCoords(mol)
    drawer = rdMolDraw2D.MolDraw2DSVG(width, height)
    options: Any = drawer.drawOptions()
    options.clearBackground = False
    rdMolDraw2D.PrepareAndDrawMolecule(drawer, mol)
    drawer.FinishDrawing()
    svg = str(drawer.GetDrawingText())
    # An XML declaration is not allowed inside an HTML body.
    return svg[svg.index("<svg") :]
