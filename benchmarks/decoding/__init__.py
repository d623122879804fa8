"""Parts of ``constrained_decoding.py``: models, guides, and what is timed."""
