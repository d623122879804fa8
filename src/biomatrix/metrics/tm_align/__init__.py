"""TM-align: which residues of two structures correspond, found from their CA alone, and how well they then fit.

The algorithm of Zhang and Skolnick (2005) in the details of its C++ release of 2021, which the ``tmtools`` package
wraps: the numbers agree with it. Where residue i is known to correspond to residue i, :func:`biomatrix.metrics
.superposition.tm_score` asks the plainer question and is far quicker.
"""
