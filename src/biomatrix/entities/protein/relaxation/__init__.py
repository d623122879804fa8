"""Relaxation of backbones as a step after generation."""
