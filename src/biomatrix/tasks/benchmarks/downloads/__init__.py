"""Official data on this machine: the cache, downloads, checksums."""
