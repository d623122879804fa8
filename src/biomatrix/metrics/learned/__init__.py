"""Scores that come from trained networks and outside programs: loaded when used, absent ones said in one line.

:func:`biomatrix.metrics.learned.registry.load_scorer` loads any of them by name.
"""
