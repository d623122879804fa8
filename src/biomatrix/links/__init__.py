"""Links between open regions and the genes they may regulate: candidates, evidence, scores, tables."""
