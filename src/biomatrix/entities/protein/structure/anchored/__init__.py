"""The anchored codec: rigid steps, and beside each step a digit that says where in space the residue stands."""
