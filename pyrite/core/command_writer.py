r"""Commands as they stand in an append-only file, and on the wire: arrays of bulk strings.

    *3\r\n $3\r\nSET\r\n $1\r\nk\r\n $1\r\nv\r\n

A writer of core/rdb_format takes them, with all that it says of failures and of sinks.
"""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.libc.string import strlen
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.numbers import DOUBLE_ROOM, format_double, format_longlong, format_ulonglong
from cython.cimports.pyrite.core.rdb_format import RdbWriter, rdb_put_bytes


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_head(w: cython.pointer[RdbWriter], mark: cython.char, n: cython.size_t) -> cython.void:
    """A mark, a number and a line break."""
    text: cython.char[32]
    text[0] = mark
    length: cython.Py_ssize_t = 1 + format_ulonglong(text + 1, n)
    text[length] = 13
    text[length + 1] = 10
    rdb_put_bytes(w, text, length + 2)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_command(w: cython.pointer[RdbWriter], argc: cython.size_t) -> cython.void:
    """Begin a command; so many arguments follow, its name included."""
    _put_head(w, 42, argc)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_argument(w: cython.pointer[RdbWriter], p: cython.p_const_char, n: cython.size_t) -> cython.void:
    """Write an argument."""
    _put_head(w, 36, n)
    rdb_put_bytes(w, p, n)
    rdb_put_bytes(w, b"\r\n", 2)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_word(w: cython.pointer[RdbWriter], word: cython.p_const_char) -> cython.void:
    """Write an argument that is a word of ours, which ends with a zero byte."""
    put_argument(w, word, strlen(word))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_number(w: cython.pointer[RdbWriter], number: int64_t) -> cython.void:
    """Write an integer as an argument."""
    digits: cython.char[24]
    put_argument(w, digits, format_longlong(digits, number))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_double(w: cython.pointer[RdbWriter], number: cython.double) -> cython.void:
    """Write a number as an argument that reads back as the same."""
    digits: cython.char[DOUBLE_ROOM]
    put_argument(w, digits, format_double(digits, DOUBLE_ROOM, number))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put_element(w: cython.pointer[RdbWriter], value: cython.pointer[cython.const[LpValue]]) -> cython.void:
    """Write a string or an integer as an argument."""
    if value.text == cython.NULL:
        put_number(w, value.number)
    else:
        put_argument(w, value.text, value.length)
