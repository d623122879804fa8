"""The package's own operations: importing this module registers them."""
