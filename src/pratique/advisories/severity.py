"""CVSS vectors and the feeds' own words, as our five words.

Scores are those of the `cvss` library (imported only here, when a vector is scored: a scan never does). Words for
scores are FIRST's: "Qualitative Severity Rating Scale" (CVSS 3.1 and 4.0, section 5 and 6); CVSS 2 has NVD's three.
"""

from functools import lru_cache

from pratique.model.advisory import Severity

_LONGEST = 500  # characters; a full CVSS 4 vector with all its metrics has less than 250

_WORDS = {
    "none": Severity.NEGLIGIBLE,
    "negligible": Severity.NEGLIGIBLE,
    "unimportant": Severity.NEGLIGIBLE,
    "low": Severity.LOW,
    "minor": Severity.LOW,
    "moderate": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "important": Severity.HIGH,
    "high": Severity.HIGH,
    "critical": Severity.CRITICAL,
}


def of_word(word: str) -> Severity:
    """What a feed's word means: GitHub's, Debian's urgencies (`low**`, `not yet assigned`), Ubuntu's priorities."""
    return _WORDS.get(word[:_LONGEST].strip().rstrip("*").lower(), Severity.UNKNOWN)


def of_score(score: float, vector: str) -> Severity:
    """The word for a base score, by the scale of the vector's CVSS version."""
    if score >= 9.0 and vector.startswith("CVSS:"):
        return Severity.CRITICAL
    for floor, severity in ((7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW)):
        if score >= floor:
            return severity
    return Severity.NEGLIGIBLE


@lru_cache(maxsize=8192)
def score(vector: str) -> float | None:
    """The base score of a CVSS 2, 3.x or 4.0 vector; None when it isn't one."""
    from cvss import CVSS2, CVSS3, CVSS4
    from cvss.exceptions import CVSSError

    if len(vector) > _LONGEST:
        return None
    scorer = CVSS4 if vector.startswith("CVSS:4") else CVSS3 if vector.startswith("CVSS:3") else CVSS2
    try:
        return float(scorer(vector).base_score)
    except (CVSSError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None  # the library has met every kind; a record isn't worth less for its vector
