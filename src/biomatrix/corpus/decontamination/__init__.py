"""Test sets that nothing is trained on: what their rows hold, and which records of a corpus hold it too."""
