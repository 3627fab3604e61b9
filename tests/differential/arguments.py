"""Arguments of generated commands: few keys, values at the boundaries of encodings and sizes, odd numbers and words."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from hypothesis import strategies as st

Argv: TypeAlias = list[bytes]
Part: TypeAlias = "bytes | Sequence[bytes]"
Arguments: TypeAlias = st.SearchStrategy[Argv]

LONGLONG_MAX = 2**63 - 1
# In the year 2100: long after any test, and far below what milliseconds in 64 bits can hold.
FAR_S = 4_102_444_800
# More than any test takes.
LONG_S = 100_000

STRING_KEYS = [b"s", b"t", b"", b"\0\xff\r\n", b"k" * 300]
NUMBER_KEYS = [b"n", b"f"]
BITMAP_KEYS = [b"b", b"c"]
SKETCH_KEYS = [b"h", b"i", b"j"]
SET_KEYS = [b"u", b"v", b"w"]
HASH_KEYS = [b"hash", b"fields"]
LIST_KEYS = [b"l", b"m", b"o"]
SORTED_SET_KEYS = [b"z", b"y", b"x"]
GEO_KEYS = [b"g"]
STREAM_KEYS = [b"q", b"r"]
COLLECTION_KEYS = [*SET_KEYS, *HASH_KEYS, *LIST_KEYS, *SORTED_SET_KEYS, *GEO_KEYS, *STREAM_KEYS]
ALL_KEYS = [*STRING_KEYS, *NUMBER_KEYS, *BITMAP_KEYS, *SKETCH_KEYS, *COLLECTION_KEYS, b"missing"]


def mostly(own: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return keys that a family works with, now and then another."""
    return st.sampled_from(own * (1 + 3 * len(ALL_KEYS) // len(own)) + ALL_KEYS)


any_key = st.sampled_from(ALL_KEYS)
string_key = mostly(STRING_KEYS)
number_key = mostly(NUMBER_KEYS)
bitmap_key = mostly(BITMAP_KEYS)
sketch_key = mostly(SKETCH_KEYS)
set_key = mostly(SET_KEYS)
hash_key = mostly(HASH_KEYS)
list_key = mostly(LIST_KEYS)
sorted_set_key = mostly(SORTED_SET_KEYS)
geo_key = mostly(GEO_KEYS)
stream_key = mostly(STREAM_KEYS)
# Only ranges of members use it, so that all scores in it are equal.
LEVEL_KEY = b"level"

# Numbers

BOUNDARIES = sorted(
    {
        sign * (2**power + offset)
        for power in (0, 3, 7, 8, 15, 16, 31, 32, 62, 63, 64)
        for offset in (-1, 0, 1)
        for sign in (1, -1)
    }
)
ODD_INTEGERS = [
    b"", b" 1", b"1 ", b"+1", b"01", b"-0", b"00", b"-", b"1.0", b"1e3", b"0x10", b"abc", b"\0", b"1\0",
    b"9" * 19, b"9" * 40,
]  # fmt: skip
ODD_FLOATS = [
    b"nan", b"-nan", b"inf", b"-inf", b"+inf", b"infinity", b"1e400", b"-1e400", b"1e4932", b"1e5000", b"1e-5000",
    b"3.0e3", b"5.", b".5", b"-.5e1", b"1e17", b"1e-17", b"0x1p3", b"0.1", b"-0.0", b"3.14159265358979323846",
    b"1" * 30, b"0." + b"3" * 60, b"1,5", b"1.5 ", b" 1.5", b"1.5\0", b"--1", b"1e", b"17179869184.00000000001",
]  # fmt: skip


def decimal(number: int) -> bytes:
    """Return a number as clients write it."""
    return b"%d" % number


odd_integer = st.sampled_from(ODD_INTEGERS)
boundary = st.sampled_from(BOUNDARIES).map(decimal)
small = st.integers(-12, 20).map(decimal)
integer = st.one_of(small, small, boundary, odd_integer)
double = st.one_of(
    small, boundary, st.sampled_from(ODD_FLOATS), st.floats(allow_nan=False).map(lambda x: repr(x).encode())
)
# Into strings: with the servers' limit on strings, those past it are refused and the rest is small.
byte_offset = st.one_of(small, st.integers(0, 3000).map(decimal), st.sampled_from([b"1048575", b"1048576"]), integer)
bit_offset = st.one_of(small, st.integers(0, 400).map(decimal), st.sampled_from([b"8388607", b"8388608"]), integer)
database = st.sampled_from([b"0", b"0", b"1", b"1", b"2", b"15", b"16", b"-1", b"2147483648", b"x", b""])

# Values

BOUNDARY_VALUES = [
    b"", b"\0", b"\xff" * 3, b"foobar", b"ohmytext", b"mynewtext", b"a\r\nb", b"x" * 20, b"x" * 21, b"1" * 20,
    b"v" * 43, b"v" * 44, b"v" * 45, b"v" * 63, b"v" * 64, b"\xaa\x55" * 100, b"v" * 255, b"v" * 256,
    b"v" * 2047, b"v" * 2049, b"big" * 13_654,
]  # fmt: skip
value = st.one_of(
    st.sampled_from(BOUNDARY_VALUES), st.binary(max_size=24), integer, double, st.integers(0, 20000).map(decimal)
)
# Few, so that they meet again; as integers, short and long strings, and some that fill a list's node.
element = st.one_of(
    st.sampled_from([b"", b"0", b"a", b"b", b"ab", b"-1", b"127", b"128", b"01", b"x" * 63, b"x" * 64, b"9" * 19]),
    st.integers(-5, 5).map(decimal),
    st.sampled_from([b"e" * 300, b"f" * 2000, b"g" * 4070, b"h" * 8160, b"i" * 9000]),
    value,
)
number = st.one_of(small, boundary, double, st.sampled_from([b"", b"abc", b"10", b"9999", b"10000"]))
# Members of collections: few different ones, so that some are in several, on both sides of the limit on length.
member = st.one_of(
    small,
    st.sampled_from([b"a", b"b", b"c", b"d", b"", b"\0", b"a\r\nb", b"m" * 63, b"m" * 64, b"m" * 65, b"m" * 300]),
    boundary,
    odd_integer,
)
# Sketches, sparse and dense, right and broken: too short, of no known encoding, with too few registers or too many; but
# none past whose end Redis reads.
SPARSE = b"HYLL\x01" + bytes(10) + b"\x80"
DENSE = b"HYLL" + bytes(12)
sketch_value = st.sampled_from(
    [
        b"HYLL", DENSE, SPARSE, b"HYLL\x02" + bytes(20), SPARSE + b"\x7f\xff",
        SPARSE + b"\x7f\xfe\x80", SPARSE + b"\x7f\xff\x80", SPARSE[:-1] + b"\0\x7f\xff", DENSE + bytes(12288),
        DENSE + bytes(12287),
    ]
)  # fmt: skip

# When keys expire. Times from now are far apart, so that GT and LT come out alike whenever a server got each of them.

FAR_STEPS = [*range(LONG_S, LONG_S * 10, LONG_S), 2**32, 2**53, 2**62, LONGLONG_MAX, LONGLONG_MAX + 1]
PAST = [0, -1, -(2**31), -(2**63) + 1, -(2**63), -(2**63) - 1]
relative_s = st.one_of(st.sampled_from([decimal(each) for each in FAR_STEPS + PAST]), odd_integer)
relative_ms = st.one_of(
    st.sampled_from([decimal(each * 1000) for each in FAR_STEPS] + [decimal(each) for each in PAST]), odd_integer
)
at_s = st.one_of(st.integers(FAR_S, FAR_S + 100).map(decimal), integer)
at_ms = st.one_of(st.integers(FAR_S * 1000, FAR_S * 1000 + 3000).map(decimal), integer)

# Members of sorted sets: few, so that they meet again; integers, and both sides of the longest that a listpack takes
member = st.one_of(
    st.integers(-3, 12).map(decimal),
    st.sampled_from([b"", b"a", b"b", b"ab", b"\xff", b"a\0", b"01", b"m" * 64, b"m" * 65, b"%d" % LONGLONG_MAX]),
)
score = st.one_of(small, st.sampled_from([b"0.5", b"-0.25", b"1.5", b"inf", b"-inf", b"-0"]), double)
score_bound = st.one_of(score, score.map(lambda text: b"(" + text), st.sampled_from([b"-inf", b"+inf", b"(", b"[1"]))
member_bound = st.one_of(
    st.tuples(st.sampled_from([b"[", b"("]), member).map(b"".join), st.sampled_from([b"-", b"+", b"-", b"+", b"", b"a"])
)
rank = st.one_of(st.integers(-8, 8).map(decimal), integer)
# Places: each name has one of its own, so that no two are equally far from anywhere.
PLACES = [
    (b"p%d" % i, b"%.6f" % ((i * 67) % 340 - 169.5 + i / 97), b"%.6f" % ((i * 29) % 150 - 75.2 + i / 89))
    for i in range(40)
]
place = st.sampled_from(PLACES).map(lambda each: [each[1], each[2], each[0]])
place_name = st.one_of(st.sampled_from([name for name, _, _ in PLACES]), member)

# IDs of stream entries: few, so that they meet again
ODD_IDS = [
    b"-", b"+", b"$", b">", b"", b"x", b"1-", b"-1", b"1--1", b"1-x", b" 3", b"+4", b"007-01", b"1-1-1", b"5-*", b"-*",
    b"1-1\0", b"0" * 130, b"%d-%d" % (2**64 - 1, 2**64 - 1), b"%d" % 2**64, b"%d-0" % 2**63,
]  # fmt: skip
entry_id = st.one_of(
    st.tuples(st.integers(0, 60), st.integers(0, 3)).map(lambda pair: b"%d-%d" % pair),
    st.integers(0, 60).map(decimal),
    st.sampled_from(ODD_IDS),
)
new_id = st.one_of(entry_id, st.integers(0, 200).map(lambda ms: b"%d-*" % ms), st.integers(0, 200).map(decimal))
id_bound = st.one_of(
    st.sampled_from([b"-", b"+"]),
    entry_id,
    entry_id.map(lambda text: b"(" + text),
    st.sampled_from([b"(", b"(-", b"(+"]),
)
group_name = st.sampled_from([b"g", b"g", b"g", b"", b"nosuch"])
consumer_name = st.sampled_from([b"a", b"b", b"a\0", b""])

# Words, lists of parts, and whole requests


def word(text: str) -> st.SearchStrategy[bytes]:
    """Return a word in some case."""
    return st.sampled_from([text.upper().encode(), text.lower().encode(), text.capitalize().encode()])


def words(*texts: str) -> st.SearchStrategy[bytes]:
    """Return one of several words, in some case."""
    return st.sampled_from(texts).flatmap(word)


def flat(parts: Iterable[Part]) -> Argv:
    """Return all arguments of nested lists, in one list."""
    joined: Argv = []
    for part in parts:
        joined += [part] if isinstance(part, bytes) else part
    return joined


def row(*parts: st.SearchStrategy[Part]) -> Arguments:
    """Return these arguments one after the other."""
    return st.tuples(*parts).map(flat)


def many(part: st.SearchStrategy[Part], least: int = 0, most: int = 4) -> Arguments:
    """Return such arguments a number of times."""
    return st.lists(part, min_size=least, max_size=most).map(flat)


def maybe(*parts: st.SearchStrategy[Part]) -> Arguments:
    """Return these arguments or none."""
    return st.one_of(st.just([]), row(*parts))


def options(*each: st.SearchStrategy[Part], most: int = 3) -> Arguments:
    """Return options in any order, some repeated, some at odds with others."""
    return many(st.one_of(*each), most=most)


ODD_WORDS = [b"", b"0", b"-1", b"1.5", b"nosuch", b"nx", b"get", b"\xff\0", b"\r\n", b"two words", b"*", b"help"]


@st.composite
def damaged(draw: st.DrawFn, request: Arguments) -> Argv:
    """Return a request with something wrong after its name: an argument too few, too many, elsewhere, or another."""
    argv = list(draw(request))
    damage = draw(st.sampled_from(["cut", "longer", "swapped", "replaced", "doubled"]))
    at = draw(st.integers(1, max(1, len(argv) - 1)))
    odd = draw(st.sampled_from(ODD_WORDS))
    if damage == "cut":
        return argv[:at]
    if damage == "longer":
        return [*argv, odd]
    if at == len(argv):
        return argv
    if damage == "swapped":
        argv[at], argv[-1] = argv[-1], argv[at]
    elif damage == "replaced":
        argv[at] = odd
    else:
        argv.insert(at, argv[at])
    return argv
