"""GCP-VQVAE: a graph network and a transformer encode each residue's surroundings, a transformer folds the codes.

Mahdi Pourmirzaei et al., "GCP-VQVAE: A Geometry-Complete Language for Protein 3D Structure" (2025). Modules, in the
order data flow: `imputation`, `features`, `gcpnet`, `transformer`, `quantizer`, `decoder`, put together in `model`;
`tokenizer` is what users hold, `training` and `losses` make weights, `conversion` reads published ones.
"""
