"""IDs of stream entries: text to number and back, order of neighbours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.core.stream_id import format_id, neighbours, parse_bound, parse_id, parse_new_id

TOP = 2**64 - 1
parts = st.sampled_from([0, 1, 2**63, TOP - 1, TOP]) | st.integers(0, TOP)


@given(parts, parts)
def test_what_is_written_is_read(ms: int, seq: int) -> None:
    text = b"%d-%d" % (ms, seq)
    assert format_id(ms, seq) == text
    assert parse_id(text) == parse_id(text, 7) == (ms, seq)
    assert parse_new_id(text) == (ms, seq, True)
    assert parse_bound(text, 7) == (ms, seq, False)
    assert parse_bound(b"(" + text, 7) == (ms, seq, True)
    assert parse_id(b"%d" % ms, seq) == (ms, seq)


@given(parts, parts)
def test_neighbours(ms: int, seq: int) -> None:
    before, behind = neighbours(ms, seq)
    number = ms << 64 | seq
    assert before == divmod((number - 1) % 2**128, 2**64)
    assert behind == divmod((number + 1) % 2**128, 2**64)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b" 1- 2", (1, 2)),
        (b"+1-+2", (1, 2)),
        (b"007-08", (7, 8)),
        (b"1-2\0-rest", (1, 2)),
        (b"0" * 120 + b"1-2", (1, 2)),
        (b"0" * 126 + b"1-2", None),
        (b"18446744073709551616", None),
        (b"1-18446744073709551616", None),
        (b"", None),
        (b"-", None),
        (b"+", None),
        (b"-1", None),
        (b"1-", None),
        (b"1--2", None),
        (b"1-2-3", None),
        (b"1-*", None),
        (b"x", None),
        (b"\0", None),
        (b"(1", None),
    ],
)
def test_odd_texts(text: bytes, found: tuple[int, int] | None) -> None:
    assert parse_id(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"5-*", (5, 0, False)),
        (b"5", (5, 0, True)),
        (b"*", None),
        (b"5-**", None),
        (b"-*", None),
        (b"5-*\0", (5, 0, False)),
    ],
)
def test_ids_of_new_entries(text: bytes, found: tuple[int, int, bool] | None) -> None:
    assert parse_new_id(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"-", (0, 0, False)),
        (b"+", (TOP, TOP, False)),
        (b"(5", (5, 9, True)),
        (b"5", (5, 9, False)),
        (b"(", None),
        (b"(-", None),
        (b"(+", None),
        (b"((5", None),
        (b"", None),
    ],
)
def test_ends_of_ranges(text: bytes, found: tuple[int, int, bool] | None) -> None:
    assert parse_bound(text, 9) == found
