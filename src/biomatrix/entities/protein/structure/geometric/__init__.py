"""The geometric codec: a chain as rigid steps from residue to residue, chosen against the chain as rebuilt so far.

Modules, in the order data flow: `residue_frames`, `blocks` (chains side by side), `search`, `codebook`; `tokenizer` is
what users hold, `training` with `refinement` makes weights by a `plan`, `recipe` by a file. What any
codec of rigid steps needs lies in `biomatrix.entities.rigid_steps`. No PyTorch is needed.
"""
