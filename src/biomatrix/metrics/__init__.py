"""Every number that judges: geometry, chemistry, sequences, distributions.

The lowest room: functions of arrays, RDKit molecules and strings that know nothing of entities, tokens or files. What
counts as good is not said here; the checks of each kind hold their thresholds.
"""
