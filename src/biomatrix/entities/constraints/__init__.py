"""What constraints of any kind share: languages over ids, and the automaton that keeps them position by position."""
