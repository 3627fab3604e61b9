"""Glob patterns against a model that tries everything, and the corners by name."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyrite.core.glob import matches
from tests.models import glob as model

ALPHABETS = (b"ab*", b"ab*?[]^-\\", b"abzABZ[]-^_@", b"aZz[-]^_`@\x00\x7f\x80\xfe\xff\\*", bytes(range(256)))


def words(alphabet: bytes, longest: int) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(alphabet), max_size=longest).map(bytes)


pairs = st.sampled_from(ALPHABETS).flatmap(
    lambda alphabet: st.tuples(words(alphabet, 12), words(alphabet, 10) | words(b"abAB", 10))
)


@given(pairs, st.booleans())
@example((b"*a*b", b"aab"), False)
@example((b"[\xff-z]", b"b"), True)
def test_matches_is_the_models(pair: tuple[bytes, bytes], nocase: bool) -> None:
    pattern, text = pair
    assert matches(pattern, text, nocase) == model.matches(pattern, text, nocase)


@given(words(bytes(range(256)), 20), st.integers(0, 20), st.integers(0, 20))
def test_a_text_matches_itself_escaped_with_any_part_a_star(text: bytes, start: int, stop: int) -> None:
    def escaped(part: bytes) -> bytes:
        return b"".join(b"\\%c" % byte for byte in part)

    assert matches(escaped(text), text)
    assert matches(escaped(text[:start]) + b"*" + escaped(text[max(start, stop) :]), text) == (text != b"")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (b"", b"", True),
        (b"*", b"", False),
        (b"**", b"", False),
        (b"*", b"\0", True),
        (b"a*", b"a", True),
        (b"h?llo", b"hello", True),
        (b"h?llo", b"hllo", False),
        (b"h[ae]llo", b"hallo", True),
        (b"h[^e]llo", b"hello", False),
        (b"h[a-c]llo", b"hbllo", True),
        (b"h[c-a]llo", b"hbllo", True),
        (b"[]", b"]", False),
        (b"[]]", b"]", False),
        (b"[\\]]", b"]", True),
        (b"[^]", b"x", True),
        (b"[^]", b"xy", False),
        (b"[", b"[", False),
        (b"[^", b"x", True),
        (b"[a", b"a", True),
        (b"[a-", b"-", True),
        (b"[a-]", b"_", True),
        (b"[a-]", b"-", False),
        (b"[\\", b"\\", True),
        (b"\\", b"\\", True),
        (b"\\*", b"*", True),
        (b"\\*", b"x", False),
        (b"\\a", b"a", True),
    ],
)
def test_corners(pattern: bytes, text: bytes, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (b"MAX*", b"maxmemory", True),
        (b"[A-C]x", b"BX", True),
        (b"[\\A]", b"a", False),
        (b"\\A", b"a", True),
        (b"[Z-a]", b"z", False),
        (b"[@-Z]", b"a", True),
        (b"\xc4", b"\xe4", False),
    ],
)
def test_corners_without_regard_to_case(pattern: bytes, text: bytes, expected: bool) -> None:
    assert matches(pattern, text, nocase=True) is expected


@pytest.mark.parametrize("nocase", [False, True])
@pytest.mark.parametrize(
    "pattern", [b"a*" * 1000 + b"b", b"*a" * 999 + b"*b", b"*?" * 1000 + b"b", b"[a-z]**" * 1000 + b"b"]
)
def test_many_stars_do_not_explode(pattern: bytes, nocase: bool) -> None:
    """Trying every way for them to match would not end."""
    assert not matches(pattern, b"a" * 20000, nocase)
    assert matches(pattern, b"a" * 20000 + b"b", nocase)


@pytest.mark.parametrize("run", [b"*?", b"**a", b"*[a-z]", b"*\\a"])
def test_a_pattern_of_too_many_stars_matches_nothing(run: bytes) -> None:
    assert matches(run * 1000, b"a" * 1000)
    assert matches(run * 1000 + b"*", b"a" * 1000 + b"b")
    assert not matches(run * 1001, b"a" * 1001)
