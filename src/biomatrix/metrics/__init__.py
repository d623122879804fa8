"""The numbers that judge results: geometry, chemistry, sequences, distributions.

The lowest room: functions of arrays, RDKit molecules and strings that know nothing of entities, tokens or files. What
counts as good is not decided here; the checks of each kind hold their thresholds.
"""
