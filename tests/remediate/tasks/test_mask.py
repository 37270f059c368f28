import base64

from hypothesis import given
from hypothesis import strategies as st

from pratique.remediate.tasks.mask import Masker


def test_secrets_are_masked_plainly_in_base64_and_line_by_line() -> None:
    secret = "first-line\nsecond-line"
    encoded = base64.b64encode(secret.encode()).decode()
    assert Masker([secret]).mask(f"a {encoded} b second-line c first-line") == "a *** b *** c ***"


def test_the_longest_secret_is_masked_first() -> None:
    assert Masker(["abc", "abcdef"]).mask("abcdef abc") == "*** ***"


def test_very_short_and_empty_secrets_are_left() -> None:
    assert Masker(["", "a"]).mask("banana") == "banana"


@given(st.text("sec ret", min_size=0, max_size=40), st.integers(0, 40))
def test_a_secret_across_two_pieces_is_found(text: str, at: int) -> None:
    masker = Masker(["secret"])
    shown, held = masker.cut(text[:at])
    assert shown + masker.mask(held + text[at:]) == masker.mask(text)
