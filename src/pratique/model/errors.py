"""Every error that Pratique raises on purpose.

    PratiqueError                could not do it (exit 3): says what, and what to do
     ├─ UsageError               the request itself is wrong: arguments, reference, policy (exit 2)
     ├─ InvalidData              something we were given to read is not what it claims to be
     ├─ IntegrityError           bytes do not have the digest or size that was promised
     ├─ NotFound                 the other side answered: no such thing
     ├─ Refused                  the other side answered: not you (401, 403)
     ├─ Unsafe                   possible, but would break something; refused with the reason
     └─ Unavailable              the other side did not answer well; trying again may help

A caller needs to tell fates apart, not messages: `Unavailable` may be retried, the others never.
"""


class PratiqueError(Exception):
    """Could not do it.

    `what` is one line that names the thing that was wrong; `hint`, when not empty, says what to do about it.
    """

    exit_code = 3

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}: {self.hint}" if self.hint else self.what


class UsageError(PratiqueError):
    """The request is wrong: an argument, a reference, a policy file."""

    exit_code = 2


class InvalidData(PratiqueError):
    """What we were given to read is not what it claims to be."""


class IntegrityError(PratiqueError):
    """Bytes do not have the digest or size that was promised."""


class NotFound(PratiqueError):
    """The other side answered that there is no such thing."""


class Refused(PratiqueError):
    """The other side knows us and said no, or wants to know us first."""


class Unsafe(PratiqueError):
    """It could be done, but would break something."""


class Unavailable(PratiqueError):
    """The other side did not answer, or not well; trying again may help.

    `retry_after` is the wait in seconds that the other side asked for, if it did.
    """

    def __init__(self, what: str, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(what, hint)
        self.retry_after = retry_after
