"""Constraints for other people's decoding loops: stock Transformers, vLLM, and engines that read grammars.

What may be written is decided by the same automata everywhere; an adapter only finds the state of a row and turns what
it allows into a mask.
"""
