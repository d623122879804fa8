"""Official data of benchmarks on this machine: the cache, and how it is filled."""
