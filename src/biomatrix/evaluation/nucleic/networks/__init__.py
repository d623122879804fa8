"""Published networks of nucleic acids whose own code is not run: small modules with the published names of tensors."""
