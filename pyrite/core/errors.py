"""Error replies: the exact texts that go over the wire, and the exception that carries one from a handler.

A constant is the reply without its leading '-'. Where a text has a hole, the function below it fills it. Handlers raise
`CommandError(TEXT)`; the dispatcher alone turns it into a reply.
"""


class CommandError(Exception):
    """A command can't be carried out; `wire` is the text of the error reply, code first, as bytes."""

    def __init__(self, wire: bytes) -> None:
        super().__init__(wire)
        self.wire = wire

    def __str__(self) -> str:
        return self.wire.decode("utf-8", "replace")


# For `bytes.translate`: blanks for what would end a line, and with it a reply.
NO_LINE_BREAKS = bytes.maketrans(b"\r\n", b"  ")

WRONG_TYPE = b"WRONGTYPE Operation against a key holding the wrong kind of value"
SYNTAX = b"ERR syntax error"
NOT_INTEGER = b"ERR value is not an integer or out of range"
NOT_FLOAT = b"ERR value is not a valid float"
OUT_OF_RANGE = b"ERR value is out of range"
OUT_OF_RANGE_POSITIVE = b"ERR value is out of range, must be positive"
INVALID_CURSOR = b"ERR invalid cursor"
NO_SUCH_KEY = b"ERR no such key"
INDEX_OUT_OF_RANGE = b"ERR index out of range"
SAME_OBJECT = b"ERR source and destination objects are the same"
OVERFLOW = b"ERR increment or decrement would overflow"
NAN_OR_INFINITY = b"ERR increment would produce NaN or Infinity"
KEY_TOO_LONG = b"ERR key exceeds the maximum size of 4 GiB"
STRING_TOO_LONG = b"ERR string exceeds maximum allowed size (proto-max-bulk-len)"
OFFSET_OUT_OF_RANGE = b"ERR offset is out of range"
INVALID_DB = b"ERR invalid DB index"
DB_OUT_OF_RANGE = b"ERR DB index is out of range"
NO_AUTH = b"NOAUTH Authentication required."
WRONG_PASSWORD = b"WRONGPASS invalid username-password pair or user is disabled."
NO_PROTO = b"NOPROTO unsupported protocol version"
EXPIRE_CONDITIONS = b"ERR NX and XX, GT or LT options at the same time are not compatible"
EXPIRE_GT_AND_LT = b"ERR GT and LT options at the same time are not compatible"
LFU_SELECTED = (
    b"ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies "
    b"at runtime LRU and LFU data will take some time to adjust."
)
LFU_NOT_SELECTED = (
    b"ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching "
    b"between policies at runtime LRU and LFU data will take some time to adjust."
)
OUT_OF_MEMORY = b"OOM command not allowed when used memory > 'maxmemory'."
NO_MEMORY_FOR_VALUE = b"ERR insufficient memory for this value"
LOADING = b"LOADING Redis is loading the dataset in memory"
INTERNAL = b"ERR internal error: the server log tells more"


def wrong_arity(name: bytes) -> bytes:
    """The reply to a command that is called with too few or too many arguments."""
    return b"ERR wrong number of arguments for '" + name + b"' command"


def quoted(word: bytes) -> bytes:
    """What an error repeats of a client's word: a zero byte ends it, as it ends a string in C."""
    return word.partition(b"\0")[0]


def unsupported_option(option: bytes) -> bytes:
    """The reply to an option that an expiry command does not know."""
    return b"ERR Unsupported option " + quoted(option)


def out_of_int_range(low: int = -(1 << 31), high: int = (1 << 31) - 1) -> bytes:
    """The reply to an integer that is outside of the range that it has to be in, by default that of C's int."""
    return b"ERR value is out of range, value must between %d and %d" % (low, high)


def invalid_expire(name: bytes) -> bytes:
    """The reply to an expiry that is not positive, or past what 64 bits of milliseconds hold."""
    return b"ERR invalid expire time in '" + name + b"' command"
