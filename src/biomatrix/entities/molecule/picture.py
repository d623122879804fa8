"""2D drawings of molecules as inline SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.weight_colours import LEGEND_HEIGHT, colours_of, legend

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 220
MOST_ATOMS: Final = 300
"""Heavy atoms that a drawing shows: of more nobody could read it, and laying them out takes up to a minute."""
_RADIUS: Final = 0.4
_INDEX: Final = "_biomatrix_index"
_ATOM_CLASS: Final = re.compile(r"\batom-(\d+)\b")


def draw(
    molecule: Molecule,
    width: int = WIDTH,
    height: int = HEIGHT,
    *,
    weights: Sequence[float] | None = None,
    label: str = "",
) -> str:
    """Return an ``<svg>`` element that shows the molecular graph, hydrogens implicit.

    Its elements have classes ``atom-0``, ``atom-1`` and so on: the indices of the molecule's own atoms, from 0.
    Over each atom lies a transparent circle of the class ``atom-selector``, so that a page can tell what is pointed at.

    Parameters
    ----------
    molecule : Molecule
        Any molecule; a conformer is ignored.
    width, height : int
        Size in CSS pixels.
    weights : sequence of float, optional
        A number for each atom, explicit hydrogens included, that colours it; a legend stands below. A hydrogen's is
        added to that of the atom it is bound to, where that has one.
    label : str
        What the weights are, with their unit, for the legend.
    """
    mol, shown = _without_hydrogens(molecule, weights)
    rdDepictor.Compute2DCoords(mol)
    drawer = rdMolDraw2D.MolDraw2DSVG(width, height if weights is None else height - LEGEND_HEIGHT)
    options: Any = drawer.drawOptions()
    options.clearBackground = False
    colours = {} if shown is None else dict(enumerate(colours_of(shown.tolist(), mol.GetNumAtoms())))
    highlighted = {atom: colour for atom, colour in colours.items() if colour is not None}
    rdMolDraw2D.PrepareAndDrawMolecule(
        drawer,
        mol,
        highlightAtoms=[*highlighted],
        highlightAtomColors=highlighted,
        highlightAtomRadii=dict.fromkeys(highlighted, _RADIUS),
        highlightBonds=[],
    )
    drawer.TagAtoms(mol)
    drawer.FinishDrawing()
    svg = str(drawer.GetDrawingText())
    # An XML declaration is not allowed inside an HTML body.
    svg = svg[svg.index("<svg") :]
    index = [atom.GetIntProp(_INDEX) for atom in mol.GetAtoms()]
    svg = _ATOM_CLASS.sub(lambda found: _own_class(int(found[1]), index), svg)
    return svg if shown is None else _with_legend(svg, shown, width, height, label)


def _own_class(drawn: int, index: Sequence[int]) -> str:
    """Return the class of an atom of the drawing, which may draw the hydrogens of stereocentres besides."""
    return f"atom-{index[drawn]}" if drawn < len(index) else "hydrogen"


def _without_hydrogens(
    molecule: Molecule, weights: Sequence[float] | None
) -> tuple[Chem.Mol, NDArray[np.float64] | None]:
    """Return the molecule with hydrogens implicit, and the weights of the atoms that are left."""
    mol = Chem.Mol(molecule.mol)
    for atom in mol.GetAtoms():
        atom.SetIntProp(_INDEX, atom.GetIdx())
    if weights is None:
        return Chem.Mol(Chem.RemoveHs(mol)), None
    colours_of(weights, mol.GetNumAtoms())  # refuses another number of them
    summed = np.array(weights, dtype=np.float64)
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() == 1 and atom.GetDegree() == 1:
            bound = atom.GetNeighbors()[0].GetIdx()
            summed[bound] = np.nansum([summed[bound], summed[atom.GetIdx()]])
    kept = Chem.Mol(Chem.RemoveHs(mol))
    return kept, summed[[atom.GetIntProp(_INDEX) for atom in kept.GetAtoms()]]


def _with_legend(svg: str, weights: NDArray[np.float64], width: int, height: int, label: str) -> str:
    """Return a drawing over a legend, as one element of the whole height."""
    bar = legend(weights.tolist(), 8, height - LEGEND_HEIGHT + 2, label)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"{svg}{bar}</svg>"
    )
