"""Package names as an ecosystem compares them."""

import re

_RUN = re.compile(r"[-_.]+")


def normalise(ecosystem: str, name: str) -> str:
    """The one spelling under which a name is kept and looked up: PyPI's by PEP 503, all others as they are."""
    return _RUN.sub("-", name).lower() if ecosystem.partition(":")[0] == "PyPI" else name
