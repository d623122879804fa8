"""What an answer is worth: checks, likelihood, agreement of samples and calibration joined into one verdict."""

from __future__ import annotations

from biomatrix.trust.abstention import RiskCoverage, risk_coverage
from biomatrix.trust.agreement import Agreement, agreement, spread_of
from biomatrix.trust.calibrating import calibrate, calibrate_labels
from biomatrix.trust.calibration import Calibration, Interval
from biomatrix.trust.confidence import Confidence
from biomatrix.trust.likelihood import Likelihood
from biomatrix.trust.recalibration import Recalibration, recalibrate
from biomatrix.trust.reliability import Reliability, reliability
from biomatrix.trust.verdict import Verdict, judge

__all__ = [
    "Agreement",
    "Calibration",
    "Confidence",
    "Interval",
    "Likelihood",
    "Recalibration",
    "Reliability",
    "RiskCoverage",
    "Verdict",
    "agreement",
    "calibrate",
    "calibrate_labels",
    "judge",
    "recalibrate",
    "reliability",
    "risk_coverage",
    "spread_of",
]
