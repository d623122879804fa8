"""Evaluation: any model runs any benchmark, and what comes of it can be put beside the published numbers."""
