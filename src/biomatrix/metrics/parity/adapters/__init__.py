"""One module a family of fixtures: ``REPOSITORY``, ``METRIC`` and ``values(fixture)``.

``REPOSITORY`` is the official repository and ``METRIC`` words that the fixture's own description of the metric holds;
``values`` returns what the package computes from the inputs, nested as the fixture's expected values are. A part that
cannot be computed is a :class:`~biomatrix.metrics.parity.fixture_files.Skipped`, or a ConfigurationError for the whole.
"""
