"""Package names as an ecosystem compares them."""

import re

_RUN = re.compile(r"[-_.]+")


_CASELESS = frozenset({"NuGet", "Packagist", "Hex", "Pub", "Bitnami"})


def normalise(ecosystem: str, name: str) -> str:
    """The one spelling under which a name is kept and looked up: PyPI's by PEP 503, others where case doesn't count."""
    base = ecosystem.partition(":")[0]
    if base == "PyPI":
        return _RUN.sub("-", name).lower()
    return name.lower() if base in _CASELESS else name
