"""The metrics of molecules generated in 3D, as the code of NExT-Mol and JODO computes them on QM9.

``acharkq/NExT-Mol`` at 0111b25, ``evaluation/``, with the bond tables of EDM.
"""
