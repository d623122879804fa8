"""The benchmarks: tasks with official data, a judge that counts as the official code does, and published numbers."""
