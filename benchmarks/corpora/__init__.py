"""Records that are made up, and what a build of them takes, for the benchmarks of corpora."""
