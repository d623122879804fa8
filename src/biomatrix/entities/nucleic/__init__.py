"""Nucleic acids: DNA and RNA, from a genome to a folded strand."""
