"""Structure tokenizers of nucleic acids: backbones to codes, and codes to backbones."""
