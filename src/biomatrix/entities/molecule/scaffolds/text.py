"""A scaffold as the text that every string must hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from biomatrix.entities.molecule.modalities.smiles import split_smiles
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from rdkit import Chem

_NUMBER: Final = re.compile(r"\d|%\d\d|%\(\d+\)")
_HIGHEST: Final = 9


def scaffold_text(mol: Chem.Mol) -> str:
    """Return the SMILES of a scaffold with its ring numbers counted down from 9, out of the way of a model's own.

    Raises
    ------
    ConfigurationError
        It is in several pieces, or more than nine rings are open at once.

    Examples
    --------
    >>> from rdkit import Chem
    >>> scaffold_text(Chem.MolFromSmiles("c1ccc2[nH]ccc2c1"))
    'c9ccc8[nH]ccc8c9'
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        smiles = Chem.MolToSmiles(Chem.RemoveHs(mol))
    if "." in smiles:
        raise ConfigurationError(f"a scaffold is one piece, unlike {smiles}")
    pieces = split_smiles(smiles)
    for index, piece in enumerate(pieces):
        if _NUMBER.fullmatch(piece):
            number = _HIGHEST + 1 - int(piece.strip("%()"))
            if number < 1:
                raise ConfigurationError(f"more than {_HIGHEST} rings of the scaffold are open at once in {smiles}")
            pieces[index] = str(number)
    return "".join(pieces)
