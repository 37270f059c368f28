"""NCronTab, as ACR's timer triggers have it: five fields, UTC; day of month and day of week must both match.

Unlike cron's: no seconds and years, no `7` for Sunday, no `L` and `#`; a range in the wrong order is put right.
https://github.com/atifaziz/NCrontab/wiki/Crontab-Expression
"""

import re
from datetime import UTC, datetime

from pratique.model.errors import PratiqueError, UsageError
from pratique.remediate.tasks.places import shown

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)
_PART = re.compile(r"(?P<first>\*|[A-Za-z]+|[0-9]{1,4})(?:-(?P<last>[A-Za-z]+|[0-9]{1,4}))?(?:/(?P<step>[0-9]{1,4}))?")


def check(expression: str) -> str:
    """The expression in the digits that any cron reads. Raises UsageError, saying which field is wrong."""
    words = expression.split()
    if len(words) != len(_FIELDS):
        hint = "five fields: minute, hour, day of month, month, day of week; UTC"
        raise UsageError(f"a timer with {len(words)} fields: {shown(expression)}", hint)
    return " ".join(_field(word, *field) for word, field in zip(words, _FIELDS, strict=True))


def next_run(expression: str, after: datetime) -> datetime | None:
    """The first moment after `after` (to the minute, UTC) that the expression names; None: never (30 February)."""
    checked = check(expression)
    try:
        from cronsim import CronSim, CronSimError
    except ImportError:
        raise PratiqueError("timers need the cronsim library", "install pratique with its extra: tasks") from None
    try:
        moments = CronSim(checked, after.astimezone(UTC))
        moments.day_and = True  # cron would take either day, NCronTab takes both
        return next(moments)
    except (StopIteration, CronSimError):
        return None


def _field(word: str, name: str, low: int, high: int, names: tuple[str, ...]) -> str:
    return ",".join(_part(part, name, low, high, names) for part in word.split(","))


def _part(part: str, name: str, low: int, high: int, names: tuple[str, ...]) -> str:
    match = _PART.fullmatch(part)
    if not match or (match["first"] == "*" and match["last"]) or match["step"] == "0":
        raise UsageError(f"the timer's {name} is {shown(part)}", "write *, 5, 1-5, 1,3 or */15")
    step = f"/{int(match['step'])}" if match["step"] else ""
    if match["first"] == "*":
        return "*" + step
    first = _number(match["first"], name, low, high, names)
    if not match["last"]:
        return f"{first}-{high}{step}" if step else str(first)
    last = _number(match["last"], name, low, high, names)
    return f"{min(first, last)}-{max(first, last)}{step}"


def _number(word: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if word.isdecimal():
        number = int(word)
    else:
        found = [at for at, each in enumerate(names) if len(word) >= 3 and each.startswith(word.lower())]
        number = found[0] + low if found else -1
    if not low <= number <= high:
        raise UsageError(f"the timer's {name} is {shown(word)}", f"it must be from {low} to {high}")
    return number
