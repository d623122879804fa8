"""Which SELFIES symbols are atoms; see :mod:`biomatrix.selfies`."""

from biomatrix.selfies.symbols import atom_mask, index_owners, index_symbols_after

__all__ = ["atom_mask", "index_owners", "index_symbols_after"]
