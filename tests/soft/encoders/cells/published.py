"""Small random networks in the layouts of the published ones, and cells to put into them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from biomatrix import Cell
from biomatrix.entities.cell.genes import gene_table

WIDTH, HEADS, HIDDEN, LAYERS = 32, 4, 48, 2


def coding_genes(count: int, first: int = 0) -> list[tuple[str, str]]:
    """Return symbols with Ensembl ids of protein-coding genes that have a symbol of their own."""
    table = gene_table()
    rows = [
        row
        for row in np.flatnonzero(table.biotype == "protein_coding").tolist()
        if not table.symbol[row].startswith("ENSG") and len(table.rows_of_symbol[table.symbol[row]]) == 1
    ]
    return [(table.symbol[row], table.ensembl_id[row]) for row in rows[first : first + count]]


def some_cells(genes: list[str], sizes: list[int], seed: int = 0) -> list[Cell]:
    """Return cells of counts, mostly ones and twos, with so many detected genes each."""
    draw = np.random.default_rng(seed)
    return [
        Cell(np.array(draw.permutation(genes)[:size], dtype=object), draw.geometric(0.4, size).astype(np.float32))
        for size in sizes
    ]


def scgpt_tensors(names: int, *, flash: bool, seed: int = 0) -> dict[str, Tensor]:
    """Return the tensors of a published model, its heads included, random but for the names and shapes."""
    torch.manual_seed(seed)
    parts = nn.ModuleDict(
        {
            "encoder": nn.ModuleDict({"embedding": nn.Embedding(names, WIDTH), "enc_norm": nn.LayerNorm(WIDTH)}),
            "flag_encoder": nn.Embedding(2, WIDTH),
            "value_encoder": nn.ModuleDict(
                {"linear1": nn.Linear(1, WIDTH), "linear2": nn.Linear(WIDTH, WIDTH), "norm": nn.LayerNorm(WIDTH)}
            ),
            "transformer_encoder": nn.TransformerEncoder(layer(), LAYERS, enable_nested_tensor=False),
            "decoder": nn.ModuleDict(
                {"fc": nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.LeakyReLU(), nn.Linear(WIDTH, 1))}
            ),
            "mvc_decoder": nn.ModuleDict(
                {"gene2query": nn.Linear(WIDTH, WIDTH), "W": nn.Linear(WIDTH, WIDTH, bias=False)}
            ),
            "cls_decoder": nn.ModuleDict({"out_layer": nn.Linear(WIDTH, 1)}),
        }
    )
    for parameter in parts.parameters():  # norms and biases too: one that is never read must show
        nn.init.normal_(parameter, std=0.3)
    tensors = {name: tensor.detach().clone() for name, tensor in parts.state_dict().items()}
    if flash:
        return {name.replace("self_attn.in_proj_", "self_attn.Wqkv."): tensor for name, tensor in tensors.items()}
    return tensors


def layer() -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, dropout=0.2, batch_first=True)


def write_scgpt(
    folder: Path, names: list[str], *, flash: bool = True, seed: int = 0, **arguments: Any
) -> dict[str, Tensor]:
    """Write a folder as published, by ``torch.save`` of the tensors by name; return these."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {name: place for place, name in enumerate([*names, "<pad>", "<cls>", "<eoc>"])}
    tensors = scgpt_tensors(len(vocabulary), flash=flash, seed=seed)
    torch.save(tensors, folder / "best_model.pt")
    told = {"embsize": WIDTH, "nheads": HEADS, "d_hid": HIDDEN, "nlayers": LAYERS, "n_layers_cls": 3, "dropout": 0.2}
    told |= {"n_bins": 51, "pad_token": "<pad>", "pad_value": -2, "mask_value": -1, "input_style": "binned"}
    told |= {"input_emb_style": "continuous", "MVC": True, **arguments}
    (folder / "args.json").write_text(json.dumps(told))
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    return tensors


def plain_hidden_states(tensors: dict[str, Tensor], ids: Tensor, values: Tensor, is_padding: Tensor) -> Tensor:
    """Return what torch's own transformer makes of tensors under their plain names, ``float32 [B, L, d]``."""
    own = nn.TransformerEncoder(layer(), LAYERS, enable_nested_tensor=False).eval()
    prefix = "transformer_encoder."
    own.load_state_dict(
        {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    )
    functional = nn.functional
    genes = functional.layer_norm(
        tensors["encoder.embedding.weight"][ids],
        (WIDTH,),
        tensors["encoder.enc_norm.weight"],
        tensors["encoder.enc_norm.bias"],
    )
    first = functional.linear(
        values.unsqueeze(-1), tensors["value_encoder.linear1.weight"], tensors["value_encoder.linear1.bias"]
    )
    second = functional.linear(
        first.relu(), tensors["value_encoder.linear2.weight"], tensors["value_encoder.linear2.bias"]
    )
    normed = functional.layer_norm(
        second, (WIDTH,), tensors["value_encoder.norm.weight"], tensors["value_encoder.norm.bias"]
    )
    with torch.no_grad():
        hidden: Tensor = own(genes + normed, src_key_padding_mask=is_padding)
    return hidden
