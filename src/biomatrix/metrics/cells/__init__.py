"""The numbers that judge work with single cells: labels, integration, perturbations, imputation, generated cells.

Functions of arrays that know nothing of files and entities. Each follows the code that defines it, which is named.
"""
