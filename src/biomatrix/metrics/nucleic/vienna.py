"""ViennaRNA, which is optional: imported when first used, and asked for in one clear line where it is missing."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.errors import ConfigurationError

MISSING: Final = "folding RNA needs ViennaRNA, which is not installed: pip install 'biomatrix[fold]'"


def imported_vienna() -> Any:
    """Return ViennaRNA's module ``RNA``.

    Raises
    ------
    ConfigurationError
        It is not installed.
    """
    try:
        import RNA
    except ImportError:
        raise ConfigurationError(MISSING) from None
    return RNA
