"""The operations as tools for agents, by the Model Context Protocol: over standard input and output, and over HTTP."""
