"""The codec whose decoder sees the chemistry: bond lengths from the graph, codes for directions and torsions."""
