"""The hash of every table, against a model written from the paper, the paper's own vectors, and CPython."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.core.siphash import hash_bytes, hash_bytes_keyed, hash_bytes_nocase, hash_chain
from tests.models.siphash import siphash

words = st.integers(0, 2**64 - 1)

# SipHash-2-4 of the bytes 0, 1, 2 … n-1 under the key 0, 1, … 15, from the authors' reference implementation.
PAPER_KEY = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
PAPER_VECTORS = {
    0: 0x726FDB47DD0E0E31,
    1: 0x74F839C593DC67FD,
    2: 0x0D6C8009D9A94F5A,
    15: 0xA129CA6149BE45E5,
}

HASH_OF_PYTHON = """
import sys
for line in sys.stdin:
    print(hash(bytes.fromhex(line)))
"""


def python_hashes(keys: list[bytes]) -> list[int]:
    """What CPython gives for these keys under an all-zero key, which is what PYTHONHASHSEED=0 means."""
    done = subprocess.run(
        [sys.executable, "-c", HASH_OF_PYTHON],
        input="".join(f"{key.hex()}\n" for key in keys),
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in done.stdout.split()]


@pytest.mark.parametrize(("length", "expected"), PAPER_VECTORS.items())
def test_model_gives_the_papers_vectors(length: int, expected: int) -> None:
    assert siphash(*PAPER_KEY, bytes(range(length)), compression_rounds=2, final_rounds=4) == expected


def test_model_and_hash_agree_with_cpython() -> None:
    rounds = {"siphash13": (1, 3), "siphash24": (2, 4)}[sys.hash_info.algorithm]
    keys = [bytes(range(1, n + 1)) for n in range(1, 70)]
    for key, seen in zip(keys, python_hashes(keys), strict=True):
        assert siphash(0, 0, key, *rounds) == seen % 2**64
        if rounds == (1, 3):
            assert hash_bytes_keyed(0, 0, key) == seen % 2**64


@given(words, words, st.binary(max_size=80))
def test_hash_is_the_models(k0: int, k1: int, data: bytes) -> None:
    assert hash_bytes_keyed(k0, k1, data) == siphash(k0, k1, data)


@given(words, words, st.binary(max_size=80))
def test_nocase_hash_is_that_of_the_small_letters(k0: int, k1: int, data: bytes) -> None:
    assert hash_bytes_keyed(k0, k1, data, nocase=True) == siphash(k0, k1, data.lower())


def test_nocase_lowers_capitals_and_nothing_else_at_every_place() -> None:
    for byte in range(256):
        for place in range(17):
            data = b"\xff" * place + bytes([byte]) + b"\x00" * (16 - place)
            assert hash_bytes_nocase(data) == hash_bytes(data.lower()), (byte, place)


def test_length_counts_even_where_the_bytes_are_zeros() -> None:
    assert len({hash_bytes(bytes(n)) for n in range(600)}) == 600


@given(st.binary(max_size=40))
def test_hash_chain_feeds_each_hash_into_the_next(data: bytes) -> None:
    assert hash_chain(data, 0) == 0
    assert hash_chain(data, 1) == hash_chain(data, 1)
    assert hash_chain(data, 2) != hash_chain(data, 1)


def test_each_process_has_a_key_of_its_own() -> None:
    program = "from pyrite.core.siphash import hash_bytes; print(hash_bytes(b'key'))"
    hashes = {subprocess.check_output([sys.executable, "-c", program]) for _ in range(3)}
    assert len(hashes | {b"%d\n" % hash_bytes(b"key")}) == 4
