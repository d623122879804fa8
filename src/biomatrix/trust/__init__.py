"""What an answer is worth: checks, likelihood, agreement of samples and calibration joined into one verdict."""

from __future__ import annotations

from biomatrix.trust.abstention import Abstention, RiskCoverage, risk_coverage
from biomatrix.trust.agreement import Agreement, agreement, spread_of
from biomatrix.trust.calibrating import calibrate, calibrate_labels
from biomatrix.trust.calibration import Calibration, Interval
from biomatrix.trust.checking import LEVELS, Level, checks_of
from biomatrix.trust.confidence import Confidence
from biomatrix.trust.likelihood import Likelihood
from biomatrix.trust.model_agreement import ModelAgreement, check_agreement, score_agreement
from biomatrix.trust.recalibration import Recalibration, recalibrate
from biomatrix.trust.relaxation import Relaxation, relax
from biomatrix.trust.reliability import Reliability, reliability
from biomatrix.trust.verdict import Verdict, judge

__all__ = [
    "LEVELS",
    "Abstention",
    "Agreement",
    "Calibration",
    "Confidence",
    "Interval",
    "Level",
    "Likelihood",
    "ModelAgreement",
    "Recalibration",
    "Relaxation",
    "Reliability",
    "RiskCoverage",
    "Verdict",
    "agreement",
    "calibrate",
    "calibrate_labels",
    "check_agreement",
    "checks_of",
    "judge",
    "recalibrate",
    "relax",
    "reliability",
    "risk_coverage",
    "score_agreement",
    "spread_of",
]
