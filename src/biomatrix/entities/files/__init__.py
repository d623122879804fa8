"""Files, whatever they hold: opened in one way, and written whole or not at all."""
