"""`centralita doctor`: examines an installation part by part: what is wrong, and the remedy."""

from switch.doctor.checks import CHECKS, examine
from switch.doctor.findings import Finding, Verdict

__all__ = ["CHECKS", "Finding", "Verdict", "examine"]
