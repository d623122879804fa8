"""The geometric codec: a chain as rigid steps from residue to residue, chosen against the chain as rebuilt so far.

Modules, in the order data flow: `blocks` (chains side by side), `search` with `probe` and `shifts`, `codebook`,
`composition`; `tokenizer` is what users hold, `training` with `clusters` and `refinement` makes weights by a `plan`,
`recipe` by a file. No PyTorch is needed.
"""
