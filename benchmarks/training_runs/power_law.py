"""A power law of size and data: bits a token = C / (N^a D^b), by least squares of the logarithms.

There is no term for what cannot be learned: three sizes and three budgets cannot tell one from small exponents. So the
law describes the runs it was fitted to, and is no forecast far from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_EXPLAINED = 0.9
"""Of the variance of runs that were left out of the fit."""
LEAST_ERRORS = 2.0
"""How many of its standard errors an exponent is above 0."""


@dataclass(frozen=True)
class PowerLaw:
    """A fitted law.

    Parameters
    ----------
    constant : float
        C, in bits a token.
    of_size, of_data : float
        The exponents a and b.
    size_error, data_error : float
        Their standard errors.
    explained : float
        The share of the variance of log bits that fits without the run in question foretell; 1 at best.
    """

    constant: float
    of_size: float
    of_data: float
    size_error: float
    data_error: float
    explained: float

    @property
    def fault(self) -> str:
        """Why the law is not sound; empty where it is."""
        if not self.explained >= LEAST_EXPLAINED:
            return f"runs left out of the fit are foretold to {self.explained:.0%} of their variance only"
        for name, value, error in (("size", self.of_size, self.size_error), ("data", self.of_data, self.data_error)):
            if value < LEAST_ERRORS * error:
                return f"the exponent of {name}, {value:.3f}, is within {LEAST_ERRORS:g} standard errors of 0"
        return ""


def fit(sizes: NDArray[Any], tokens: NDArray[Any], bits: NDArray[Any]) -> PowerLaw:
    """Fit a law to runs.

    Parameters
    ----------
    sizes, tokens, bits : ndarray, shape=(n,)
        Parameters of the decoder, tokens learned, and held-out bits a token of each run; all above 0, n at least 4.

    Raises
    ------
    ValueError
        The runs do not differ in both size and data.
    """
    terms = np.column_stack([np.ones(len(bits)), -np.log(sizes), -np.log(tokens)])
    wanted = np.log(bits)
    if len(bits) < 4 or np.linalg.matrix_rank(terms - [0, *terms[:, 1:].mean(axis=0)]) < terms.shape[1]:
        raise ValueError("a law of size and data needs at least four runs that differ in both")
    inverse = np.linalg.inv(terms.T @ terms)
    found = inverse @ terms.T @ wanted
    left = wanted - terms @ found
    errors = np.sqrt(np.diag(inverse) * (left @ left) / (len(bits) - terms.shape[1]))
    # The residual of a run by the fit without it, in closed form.
    leverage = np.einsum("ij,jk,ik->i", terms, inverse, terms)
    unseen = left / (1 - leverage)
    spread = wanted - wanted.mean()
    explained = 1 - float(unseen @ unseen) / float(spread @ spread)
    return PowerLaw(float(np.exp(found[0])), *found[1:].tolist(), *errors[1:].tolist(), explained)
