"""Genes that mark types of cells, as data: what ships, for which tissues, and lists of one's own."""
