"""How a cell is written as tokens."""
