"""The geometric codec: nucleotides placed one in the frame of the other, chosen against the strand rebuilt so far.

Modules, in the order data flow: `beads`, `points`, `strands` (side by side), `search`, `codebook`, `placement`;
`tokenizer` is what users hold, `training` with `refinement`, `shapes` and `bonds` makes weights by a `plan`, `recipe`
by a file. No PyTorch is needed.
"""
