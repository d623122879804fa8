"""The package's own operations: importing this module registers them."""

from biomatrix.serving.operations import draw, superpose

__all__ = ["draw", "superpose"]
