"""Files of cells: AnnData in its several containers, the matrices of 10x Genomics, fragments."""
