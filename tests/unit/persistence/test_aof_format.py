"""The append-only file's form, read slowly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.persistence.aof_format import CutOffError, FormatError, is_cut_off, read_item
from tests.append_only import encode

COMMAND = encode(("SET", "key", b"va\r\nlue"))


def test_a_command() -> None:
    item = read_item(b"xx" + COMMAND, 2, 2)
    assert item.words == (b"SET", b"key")
    assert item.end == len(COMMAND) + 2
    assert item.comment is None


def test_a_timestamp() -> None:
    item = read_item(b"#TS:1700000000\r\nrest", 0)
    assert item.end == 16
    assert item.timestamp_s == 1700000000
    assert read_item(b"# anything\n", 0).timestamp_s is None
    assert read_item(b"#TS:soon\n", 0).timestamp_s is None


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5), st.data())
def test_every_beginning_is_cut_off_and_no_more(words: list[bytes], data: st.DataObject) -> None:
    whole = encode(tuple(words))
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(CutOffError):
        read_item(whole[:end], 0)
    assert is_cut_off(whole[:end])
    assert not is_cut_off(whole)


@pytest.mark.parametrize(
    "data",
    [b"SET k v\r\n", b"*x\r\n", b"*1\r\n#3\r\nGET\r\n", b"*1\r\n$x\r\n", b"*1\r\n$-1\r\n", b"*1\r\n$3\r\nGETxx",
     b"*-1\r\n", b"*1\r\n$3\r\nGET\rx", b"*" + b"1" * 40, b"#" + b"x" * 2000, b"*1\r\n$3x\r\nGET\r\n"],
)  # fmt: skip
def test_what_is_no_command(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_item(data, 0)
    assert not is_cut_off(data)


def test_an_argument_longer_than_there_can_be() -> None:
    with pytest.raises(FormatError, match="longer"):
        read_item(b"*1\r\n$999999999999\r\n", 0, length_max=1000)
