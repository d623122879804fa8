"""The registry of modalities: every other room finds them here by name."""
