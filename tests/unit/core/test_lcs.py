"""The bit-parallel longest common subsequence, against the textbook table."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyrite.core.lcs import length, runs, text
from pyrite.core.memory import used_memory
from tests.models import lcs as model

# Few different bytes make many matches and many ties; lengths beyond 64 cross words, beyond 128 carry through one.
dense = st.binary(max_size=200).map(lambda data: bytes(byte % 3 for byte in data))
sparse = st.binary(max_size=200)
strings = dense | sparse


@given(strings, strings)
@example(b"", b"")
@example(b"a", b"")
@example(b"", b"a")
@example(b"\x00\xff", b"\xff\x00")
@example(b"a" * 130, b"a" * 129)
@example(b"ab" * 64, b"ba" * 64)
def test_everything_is_as_the_table_says(a: bytes, b: bytes) -> None:
    expected = model.runs(a, b)
    subsequence = bytes(a[i] for i, _ in reversed(model.matches(a, b)))
    assert length(a, b) == model.table(a, b)[-1][-1] == len(subsequence)
    assert text(a, b) == subsequence
    assert runs(a, b) == expected


@pytest.mark.parametrize("n", [1, 63, 64, 65, 127, 128, 129, 1000])
def test_a_string_is_its_own_longest_subsequence(n: int) -> None:
    data = bytes(i * 7 % 256 for i in range(n))
    assert text(data, data) == data
    assert runs(data, data) == [(0, n - 1, 0, n - 1)]


def test_all_memory_is_given_back() -> None:
    a, b = bytes(range(256)) * 20, bytes(range(255, -1, -1)) * 20
    text(a, b)
    before = used_memory()
    for _ in range(5):
        assert length(a, b) == len(text(a, b))
        assert runs(a, b)
    assert used_memory() == before
