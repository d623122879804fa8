"""What ``soft_tuning.py`` and ``soft_vs_discrete.py`` share: tasks, ways in, and plain baselines."""
