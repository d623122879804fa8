"""Constraints of answers in text: a number, yes or no, one of some choices, a molecular formula."""
