"""RDB files, as far as it takes no server to see what is made of them."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pyrite.core.memory import used_memory
from pyrite.keyspace.database import Keyspace
from pyrite.types.rdb_file import Listener, RdbError, RdbFile, module_name
from tests.fuzz.test_dump_payloads import VALUES
from tests.models import rdb

STRING = rdb.string(b"value")


class Ear(Listener):
    """Keeps what it hears."""

    def __init__(self, patience: int = 1 << 62) -> None:
        self.heard: list[object] = []
        self.patience = patience

    def progress(self, done: int) -> None:
        self.heard.append(done)
        if done > self.patience:
            raise KeyboardInterrupt

    def aux(self, name: bytes, value: bytes) -> None:
        self.heard.append((name, value))

    def database(self, number: int) -> None:
        self.heard.append(number)


@contextmanager
def opened(data: bytes, ear: Listener | None = None, **options: int) -> Iterator[RdbFile]:
    """Hold a file with this content, its header read."""
    descriptor = os.memfd_create("rdb")
    try:
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        file = RdbFile(descriptor, len(data), Keyspace(2), ear or Listener(), **options)
        file.read_header()
        yield file
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_a_value_is_as_long_for_who_passes_over_it(number: int) -> None:
    data = rdb.file(rdb.entry(b"k", VALUES[number]), rdb.entry(b"last", STRING))
    for passes_over in (False, True):
        with opened(data) as file:
            file.keeps = False
            file.passes_over = passes_over
            assert file.read(1) is False
            assert file.offset == 9 + len(rdb.entry(b"k", VALUES[number]))
            assert file.read() is True
            assert (file.keys, file.offset) == (2, len(data))


def test_counts_of_types() -> None:
    with opened(rdb.file(*(rdb.entry(b"%d" % n, value) for n, value in enumerate(VALUES)))) as file:
        file.keeps = False
        file.read()
        counts = file.type_counts()
        assert sum(counts.values()) == len(VALUES) == file.keys
        assert counts["stream-v3"] == 1
        assert file.type_counts() == {}


def test_expired_keys_are_dropped_only_where_they_should_be() -> None:
    data = rdb.file(
        rdb.expire_ms(1) + rdb.entry(b"a", STRING),
        rdb.expire_s(-5) + rdb.entry(b"b", STRING),
        rdb.expire_ms(-1) + rdb.entry(b"never", STRING),
    )
    for drops, loaded in ((True, 1), (False, 3)):
        with opened(data) as file:
            file.drops_expired = drops
            file.read()
            assert (file.loaded, file.expired) == (loaded, 3 - loaded)
            assert (file.volatile_keys, file.past_keys) == (2, 2)


def test_progress_is_told_in_the_midst_of_a_value() -> None:
    ear = Ear()
    with opened(rdb.file(rdb.entry(b"k", rdb.string(bytes(100_000)))), ear, interval=10_000) as file:
        file.read()
    assert len(ear.heard) == 10


def test_a_long_string_needs_no_more_than_its_own_room() -> None:
    data = rdb.file(rdb.entry(b"k", rdb.string(b"x" * 3_000_000)), rdb.entry(b"l", rdb.string(b"y" * 20_000)))
    gc.collect()
    before = used_memory()
    peaks: list[int] = []
    ear = Ear()
    ear.progress = lambda _: peaks.append(used_memory() - before)  # type: ignore[method-assign]
    with opened(data, ear, interval=65536) as file:
        file.read()
        assert file.loaded == 2
        assert len(peaks) == 46
        assert max(peaks) < 3_000_000 + 200_000


@pytest.mark.parametrize("value", [b"7", b"hello", b"v" * 3000])
def test_lengths_may_be_longer_than_they_need(value: bytes) -> None:
    for wide in (b"\x80" + len(value).to_bytes(4, "big"), b"\x81" + len(value).to_bytes(8, "big")):
        with opened(rdb.file(b"\x00\x01k" + wide + value, rdb.entry(b"l", STRING)), interval=1024) as file:
            file.read()
            assert (file.loaded, file.offset) == (2, 9 + 3 + len(wide + value) + len(rdb.entry(b"l", STRING)) + 9)


def test_what_the_listener_raises_ends_the_reading() -> None:
    data = rdb.file(*(rdb.entry(b"%d" % n, rdb.plain_set([b"%d" % m for m in range(500)])) for n in range(100)))
    gc.collect()
    before = used_memory()
    with opened(data, Ear(patience=50_000), interval=1024) as file:
        with pytest.raises(KeyboardInterrupt):
            file.read()
        assert 48_000 < file.offset < 60_000
    del file
    gc.collect()
    assert used_memory() == before


def test_where_it_breaks() -> None:
    good = rdb.entry(b"good", STRING)
    data = rdb.file(rdb.select(1), good, rdb.expire_ms(5) + rdb.entry(b"bad", rdb.plain_set([b"a", b"a"])))
    with opened(data) as file, pytest.raises(RdbError, match="Value integrity check failed") as caught:
        file.read()
    error = caught.value
    assert error.record_at == 9 + 2 + len(good)
    assert (error.key, error.type, error.doing, error.is_corrupt) == (b"bad", rdb.SET, "read-object-value", True)
    assert error.record_at < error.offset <= len(data) - 9


def test_a_descriptor_that_can_not_be_read() -> None:
    descriptor = os.open("/", os.O_RDONLY)
    file = RdbFile(descriptor, 100, Keyspace(1), Listener())
    with pytest.raises(RdbError, match="reading failed: Is a directory") as caught:
        file.read_header()
    assert not caught.value.is_corrupt
    os.close(descriptor)


def test_names_of_modules() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    number = 0
    for letter in "ReJSON-RL":
        number = number << 6 | letters.index(letter)
    assert module_name(number << 10 | 3) == "ReJSON-RL"
