"""Tasks on sets of cells: which data, which split, which metric, and the floors that stand beside every number."""
