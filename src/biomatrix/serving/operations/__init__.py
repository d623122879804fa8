"""Everything that can be asked of a server, each as typed input, a function, and typed output."""
