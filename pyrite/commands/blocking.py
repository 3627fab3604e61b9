"""What blocking commands share: their timeout."""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.numbers import LONGLONG_MAX, parse_longdouble
from cython.cimports.pyrite.core.parser import Args

from pyrite.core.errors import CommandError

TIMEOUT_NOT_FLOAT = b"ERR timeout is not a float or out of range"
TIMEOUT_NEGATIVE = b"ERR timeout is negative"
TIMEOUT_OUT_OF_RANGE = b"ERR timeout is out of range"


@cython.cfunc
@cython.exceptval(-2, check=False)
def parse_timeout_ms(args: Args, i: cython.Py_ssize_t) -> int64_t:
    """The timeout in ms that an argument gives in seconds, rounded up to the next one; 0 is for ever.

    Raises CommandError for what is no number, is negative, or ends at a Unix time that 64 bits of ms do not hold.
    """
    seconds: cython.longdouble = 0
    highest: int64_t = LONGLONG_MAX
    if not parse_longdouble(args.v[i].p, args.v[i].n, cython.address(seconds)):
        raise CommandError(TIMEOUT_NOT_FLOAT)
    latest: int64_t = highest - (cython.cast(int64_t, time(cython.NULL)) + 1) * 1000
    if seconds * 1000 > latest:
        raise CommandError(TIMEOUT_OUT_OF_RANGE)
    if seconds * 1000 <= -1:
        raise CommandError(TIMEOUT_NEGATIVE)
    timeout_ms: int64_t = cython.cast(int64_t, seconds * 1000)
    return timeout_ms + 1 if timeout_ms < seconds * 1000 else timeout_ms
