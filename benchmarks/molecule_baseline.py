"""The published molecule tokenizer as a plain program: one molecule at a time, one atom after another.

What ``molecule_speed.py`` measures against. It follows the description of the algorithm step by step, with the costs
that come with it: two passes of the selfies package to encode (the string, then the string read back to learn which
symbols are atoms), a frame of NumPy cross products for every atom, the network in PyTorch on the atoms of one molecule,
and to decode the network again and a 2D layout that makes the conformer. Left out are the descriptors that the
published encoder computes and throws away, and the force field after decoding.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import selfies
import torch
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import AllChem
from rdkit.Geometry import Point3D
from torch import Tensor

from biomatrix.entities.molecule.structure.molstructok.checkpoint import read_checkpoint
from biomatrix.entities.molecule.structure.molstructok.model import CodeModel
from biomatrix.entities.tokenizer_folder import load_weights

FIRST = (1.2608129506349746, 1.593612854073428, 2.1366727766526967)
TOKEN = re.compile(r"\[([^\[\]]*)\]")

Reference = tuple[int, int, int]


class PlainTokenizer:
    """Encoder and decoder, one molecule per call.

    Parameters
    ----------
    weights : str or Path
        A safetensors file of the published checkpoint, or a tokenizer folder.
    """

    def __init__(self, weights: str | Path) -> None:
        from_file = str(weights).endswith(".safetensors")
        tensors = (read_checkpoint(Path(weights)) if from_file else load_weights("molecule", weights)).tensors
        self.model = model_of(tensors)

    def encode(self, mol: Chem.Mol) -> str:
        """Return the structure tokens of a molecule with a conformer."""
        smiles = Chem.MolToSmiles(mol, canonical=True, kekuleSmiles=True, isomericSmiles=False)
        order = list(mol.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])
        mol = Chem.RenumberAtoms(mol, order)
        text = selfies.encoder(smiles)
        _, attribution = selfies.decoder(text, attribute=True)
        atoms = {item.attribution[-1].index for item in attribution if item.attribution}
        descriptors = describe(mol.GetConformer().GetPositions(), references(mol))
        codes = iter(self.codes(descriptors))
        symbols = list(selfies.split_selfies(text))
        return "".join(f"[{s[1:-1]} {next(codes) if k in atoms else -1}]" for k, s in enumerate(symbols))

    def codes(self, descriptors: NDArray[np.float64]) -> list[int]:
        """Return the nearest code of each descriptor [N, 4]."""
        r, theta, phi, sign = descriptors.T
        scaled = np.stack((np.log(r + 1.0), theta / np.pi, phi / np.pi, sign), axis=1)
        with torch.no_grad():
            latents = self.model.encoder(torch.from_numpy(scaled).float())
            rows = self.model.quantizer.embedding.weight
            distance = (latents**2).sum(1, keepdim=True) + (rows**2).sum(1) - 2.0 * latents @ rows.t()
            return torch.argmin(distance, dim=1).tolist()

    def decode(self, text: str) -> Chem.Mol:
        """Return the molecule that structure tokens spell, with a conformer."""
        pairs = [group.split() for group in TOKEN.findall(text)]
        codes = [int(code) for _, code in pairs if int(code) != -1]
        smiles = selfies.decoder("".join(f"[{symbol}]" for symbol, _ in pairs))
        parameters = Chem.SmilesParserParams()
        parameters.removeHs = False
        mol = Chem.MolFromSmiles(smiles, parameters)
        if mol.GetNumAtoms() != len(codes):
            raise ValueError(f"{mol.GetNumAtoms()} atoms, {len(codes)} codes")
        positions = rebuild(self.descriptors(codes), references(mol))
        AllChem.Compute2DCoords(mol)
        conformer = mol.GetConformer()
        for index, position in enumerate(positions):
            conformer.SetAtomPosition(index, Point3D(*position.tolist()))
        return mol

    def descriptors(self, codes: list[int]) -> NDArray[np.float64]:
        """Return what each code decodes to, (r, theta, abs phi, sign) [N, 4]."""
        with torch.no_grad():
            latents: Tensor = self.model.quantizer.embedding(torch.tensor(codes))
            scaled, logits = self.model.decode(latents)
            sign = logits.argmax(dim=1).double() - 1.0
            r, theta, phi = torch.exp(scaled[:, 0]) - 1.0, scaled[:, 1] * math.pi, scaled[:, 2] * math.pi
            return torch.stack((r.double(), theta.double(), phi.double(), sign), dim=1).numpy()


def model_of(tensors: Mapping[str, NDArray[Any]]) -> CodeModel:
    """Return the network in PyTorch, ready to run."""
    num_codes, latent = tensors["quantizer.embedding.weight"].shape
    model = CodeModel(num_codes, tensors["encoder.0.weight"].shape[0], latent)
    wanted = model.state_dict()
    model.load_state_dict({name: torch.from_numpy(np.array(tensors[name])) for name in wanted})
    return model.eval()


def references(mol: Chem.Mol) -> list[Reference]:
    """Return (focal, first, second) of each atom of a molecule in SELFIES order."""
    table: list[Reference] = [(-1, -2, -3), (0, -1, -2), (1, 0, -1)]
    for index in range(3, mol.GetNumAtoms()):
        neighbours = [atom.GetIdx() for atom in mol.GetAtomWithIdx(index).GetNeighbors()]
        focal = max(other for other in neighbours if other < index)
        table.append((focal, 0, 2) if focal == 1 else (focal, table[focal][0], table[focal][1]))
    return table


def frame(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the axes u, v, w as the rows of a matrix: u from a to b, v towards c."""
    u = (b - a) / np.linalg.norm(b - a)
    v = (c - a) - np.dot(c - a, u) * u
    v = v / np.linalg.norm(v)
    return np.array([u, v, np.cross(u, v)])


def describe(positions: NDArray[np.float64], table: list[Reference]) -> NDArray[np.float64]:
    """Return (r, theta, abs phi, sign) of each atom, one after another."""
    result = []
    for index, position in enumerate(positions):
        if index == 0:
            result.append((*FIRST, 0.0))
        elif index == 1:
            result.append((np.linalg.norm(position - positions[0]), *FIRST[1:], 0.0))
        elif index == 2:
            near = np.linalg.norm(positions[1] - positions[0])
            r = np.linalg.norm(position - positions[0])
            x = (near**2 + r**2 - np.linalg.norm(position - positions[1]) ** 2) / (2.0 * near)
            result.append((r, FIRST[1], np.arctan2(np.sqrt(max(r**2 - x**2, 0.0)), x), 0.0))
        else:
            focal, first, second = table[index]
            offset = position - positions[focal]
            x, y, z = frame(positions[focal], positions[first], positions[second]) @ offset
            r, phi = np.linalg.norm(offset), np.arctan2(y, x)
            result.append((r, np.arccos(z / r), np.abs(phi), np.sign(phi)))
    return np.array(result, dtype=np.float64)


def rebuild(descriptors: NDArray[np.float64], table: list[Reference]) -> NDArray[np.float64]:
    """Return positions [N, 3] from (r, theta, abs phi, sign), one atom after another."""
    positions = np.zeros((len(descriptors), 3))
    for index, (r, theta, size, sign) in enumerate(descriptors):
        if index == 1:
            positions[1] = (r, 0.0, 0.0)
        elif index == 2:
            positions[2] = (r * np.cos(size), r * np.sin(size), 0.0)
        elif index > 2:
            focal, first, second = table[index]
            phi = size * sign
            local = r * np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
            axes = frame(positions[focal], positions[first], positions[second])
            positions[index] = positions[focal] + local @ axes
    return positions
