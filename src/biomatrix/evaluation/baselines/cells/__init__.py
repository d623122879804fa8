"""Floors for work with single cells: what simple rules and linear models reach, fitted on the training split alone."""
