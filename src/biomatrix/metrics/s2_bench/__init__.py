"""Success, similarity and novelty in S2-Bench (TOMG-Bench), as ``phenixace/TOMG-Bench`` at 692f6b1 computes them."""
