"""Values recorded from official code, computed anew: a fixture file, the adapter that knows its family, a comparison.

An adapter is a module of :mod:`biomatrix.metrics.parity.adapters`; it is found by what a fixture says of itself, and
nothing lists the adapters.
"""
