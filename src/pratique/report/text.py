"""Text from outside, made safe to show."""


def one_line(text: str, limit: int = 1000) -> str:
    """No control characters, no line breaks, not endless: for a terminal, a log, or one line of an error."""
    clean = "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text[: limit + 1])
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
