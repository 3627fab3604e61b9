"""A file read through a window: what comes out is what a reader of all its bytes at once sees, and no more is kept."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyrite.core.crc import checksum
from pyrite.core.lzf import compress
from pyrite.core.memory import used_memory
from pyrite.core.rdb_format import Reader
from pyrite.core.rdb_stream import StreamReader
from tests.models import rdb as model

GOOD, BAD, NO_MEMORY, CUT, FAILED = 0, 1, 2, 4, 5

texts = (
    st.binary(max_size=60).map(model.text)
    | st.integers(-(2**31), 2**31 - 1).map(model.integer)
    | st.integers(6, 400).map(lambda n: model.compressed(compress(b"ab" * n) or b"", 2 * n))
)


@contextmanager
def memory_file(data: bytes) -> Iterator[int]:
    """Hold a file with this content, open at its start."""
    descriptor = os.memfd_create("rdb")
    try:
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


@given(st.lists(texts, min_size=1, max_size=30), st.integers(1, 64), st.lists(st.integers(1, 5), min_size=1))
@example([model.text(b"x" * 60)] * 8, 1, [5, 3])
def test_reads_what_is_there_whatever_the_window(parts: list[bytes], chunk: int, groups: list[int]) -> None:
    data = b"".join(parts)
    reader = Reader(data)
    expected = [reader.text() for _ in parts]
    with memory_file(data) as descriptor:
        stream = StreamReader(descriptor, len(data), chunk)
        found: list[bytes] = []
        turn = 0
        while len(found) < len(parts):
            count = min(groups[turn % len(groups)], len(parts) - len(found))
            taken = stream.texts(count)
            assert taken is not None
            found += taken
            turn += 1
            assert stream.offset == sum(map(len, parts[: len(found)]))
            assert stream.checksum == checksum(data[: stream.offset])
        assert found == expected
        assert stream.texts(1) is None
        assert stream.problem == CUT


@given(st.lists(texts, min_size=1, max_size=12), st.integers(1, 32))
def test_keys_and_numbers_between_texts(parts: list[bytes], chunk: int) -> None:
    data = b"".join(part + model.length(n * 1000) + model.double(n / 3) for n, part in enumerate(parts))
    reader = Reader(data)
    with memory_file(data) as descriptor:
        stream = StreamReader(descriptor, len(data), chunk)
        for n in range(len(parts)):
            assert stream.key() == reader.text()
            assert (stream.length(), stream.double()) == (n * 1000, n / 3)
            assert (reader.length(), reader.double()) == (n * 1000, n / 3)
        assert stream.problem == GOOD


@pytest.mark.parametrize("size", ["known", "unknown"])
def test_every_cut_is_found(size: str) -> None:
    data = model.text(b"name") + model.text(b"v" * 300) + model.integer(5)
    for end in range(len(data)):
        with memory_file(data[:end]) as descriptor:
            stream = StreamReader(descriptor, end if size == "known" else -1, 16)
            assert stream.texts(3) is None
            assert stream.problem == CUT


def test_a_length_that_lies_gets_no_memory() -> None:
    for lie in (10**6, 2**31, 2**40, 2**62, 2**64 - 1):
        with memory_file(model.length(lie) + b"x" * 1000) as descriptor:
            for size in (1000 + len(model.length(lie)), -1):
                os.lseek(descriptor, 0, os.SEEK_SET)
                stream = StreamReader(descriptor, size, 64)
                before = used_memory()
                assert stream.texts(1) is None
                assert stream.problem == CUT
                assert used_memory() - before < 10_000


def test_window_shrinks_again_after_a_long_text() -> None:
    data = model.text(b"x" * 1_000_000) + model.text(b"y") * 100_000
    with memory_file(data) as descriptor:
        before = used_memory()
        stream = StreamReader(descriptor, len(data), 4096)
        assert stream.texts(1) == [b"x" * 1_000_000]
        assert stream.window_bytes >= 1_000_000
        for _ in range(50_000):
            stream.key()
        assert stream.window_bytes == 4096
        del stream
        assert used_memory() == before


def test_reports_in_the_midst_of_a_text_and_can_be_ended() -> None:
    data = model.text(b"x" * 100_000)
    with memory_file(data) as descriptor:
        stream = StreamReader(descriptor, len(data), 1024, 2048)
        assert stream.texts(1) is not None
        assert len(stream.told) == 48
        assert stream.told == list(range(2048, 99_000, 2048))
    with memory_file(model.text(b"x" * 1000) * 1000) as descriptor:
        stream = StreamReader(descriptor, 1000 * 1002, 1024, 1024)
        read = 0
        while stream.texts(1):
            read += 1
        assert stream.problem == FAILED
        assert len(stream.told) == 100
        assert read < 110


def test_an_error_of_the_system_is_told() -> None:
    descriptor = os.open("/", os.O_RDONLY)
    stream = StreamReader(descriptor, 100)
    assert stream.texts(1) is None
    assert (stream.problem, stream.reason) == (FAILED, "Is a directory")
    os.close(descriptor)


def test_a_pipe_is_read_as_it_comes(tmp_path: Path) -> None:
    values = [b"%d" % n * 1000 for n in range(200)]
    path = tmp_path / "data"
    path.write_bytes(b"".join(map(model.text, values)))
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as feeder:
        assert feeder.stdout is not None
        stream = StreamReader(feeder.stdout.fileno(), -1, 512)
        assert [stream.key() for _ in values] == values
        assert stream.key() is None
        assert stream.problem == CUT
