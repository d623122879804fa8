"""What sets of generated entities are scored by, beside sets of real ones."""
