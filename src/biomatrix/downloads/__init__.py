"""Files from the web: resumed, checked, whole or not at all."""
