"""The numbers that judge work with DNA and RNA: folds in 2D and 3D, designs, codons, tracks, labels.

Functions of arrays and strings that know nothing of files and entities. Each follows the definition or the code that
it names.
"""
