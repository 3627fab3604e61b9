"""Text of others as logs and reports quote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.core.text import SHOWN_BYTES, harmless, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain 'text' \u00e9 \\n", "plain 'text' \u00e9 \\n"),
        ("a\nb\r\t\0", "a\\nb\\r\\t\\x00"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\udcff\ud800\u2028", "\\xff\\ud800\\u2028"),
    ],
)
def test_what_is_escaped(text: str, expected: str) -> None:
    assert harmless(text) == expected


@given(st.text(st.characters()) | st.binary().map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_any_text_is_printable(text: str) -> None:
    assert harmless(text).isprintable()


def test_bytes_are_cut() -> None:
    assert shown(b"\xc3\xa9\xff" + b"x" * SHOWN_BYTES) == "\u00e9\\xff" + "x" * (SHOWN_BYTES - 3)
