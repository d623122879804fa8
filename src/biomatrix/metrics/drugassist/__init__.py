"""Molecules optimised in MolOpt-Instructions, as ``blazerye/DrugAssist`` at 838b755 judges them (``evaluate/``)."""
