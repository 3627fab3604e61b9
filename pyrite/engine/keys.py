"""Finding the keys among the arguments of a command, by its key specs.

One function serves COMMAND GETKEYS, ACL and the cluster. It reads only the arguments that it must: for most commands
none at all, because their specs are ranges of indexes. Counts come from clients, so each is compared with the number
of arguments before it takes part in any arithmetic.
"""

import cython
from cython.cimports.pyrite.core.numbers import parse_longlong
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.declare import KeySpec

from pyrite.engine.declare import INCOMPLETE, NOT_KEY, VARIABLE_FLAGS


def extract_keys(specs: tuple, args: Args, start: cython.Py_ssize_t = 0) -> list | None:
    """Return (index, flags) of each key of a command, None when the arguments contradict its key specs.

    `start` is where the command's name stands in `args`; the indexes returned count from there. Arguments that are
    routed like keys but are none are left out.
    """
    found: list = []
    argc: cython.Py_ssize_t = args.argc - start
    spec: KeySpec
    for spec in specs:
        if spec.flags & NOT_KEY:
            continue
        if spec.finder is not None:
            found.extend(spec.finder(args, start))
        elif not _apply(spec, args, start, argc, found) and not spec.flags & INCOMPLETE:
            return None
    return found


@cython.cfunc
@cython.exceptval(-1, check=True)
def _apply(
    spec: KeySpec,
    args: Args,
    start: cython.Py_ssize_t,
    argc: cython.Py_ssize_t,
    found: list,
) -> cython.int:
    """Append the keys that one spec finds; tell whether the arguments agree with it."""
    if spec.begin_search == "unknown" or spec.find_keys == "unknown":
        return 1
    first: cython.Py_ssize_t = spec.start
    if spec.begin_search == "keyword":
        first = _after_keyword(spec, args, start, argc)
        if first == 0:
            return 1
    last: cython.Py_ssize_t
    if spec.find_keys == "keynum":
        count: cython.Py_ssize_t = _key_count(args, start, argc, first + spec.count_index)
        first += spec.first
        last = first + (count - 1) * spec.step
    else:
        last = _range_end(spec, argc, first)
    if first >= argc or last >= argc or last < first:
        return 0
    index: cython.Py_ssize_t
    for index in range(first, last + 1, spec.step):
        found.append((index, spec.flags & ~(INCOMPLETE | VARIABLE_FLAGS)))
    return 1


@cython.cfunc
@cython.exceptval(-1, check=True)
def _after_keyword(spec: KeySpec, args: Args, start: cython.Py_ssize_t, argc: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Return the index right after the spec's keyword, 0 when the keyword is missing or is the last argument."""
    keyword: bytes = spec.keyword.encode()
    step: cython.Py_ssize_t = 1 if spec.start > 0 else -1
    index: cython.Py_ssize_t = spec.start if spec.start > 0 else argc + spec.start
    while 0 < index < argc:
        if args[start + index].upper() == keyword:
            return index + 1 if index + 1 < argc else 0
        index += step
    return 0


@cython.cfunc
@cython.exceptval(-1, check=True)
def _key_count(
    args: Args,
    start: cython.Py_ssize_t,
    argc: cython.Py_ssize_t,
    index: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Return the count of keys that the argument at `index` gives, 0 when it gives none that could be true."""
    if index >= argc:
        return 0
    text: bytes = args[start + index]
    count: cython.longlong = 0
    if not parse_longlong(cython.cast(cython.p_const_char, text), len(text), cython.address(count)):
        return 0
    return count if 0 < count < argc else 0


@cython.cfunc
@cython.exceptval(check=False)
def _range_end(spec: KeySpec, argc: cython.Py_ssize_t, first: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Return the index of a range's last key."""
    if spec.last >= 0:
        return first + spec.last
    if spec.limit > 1:
        return first + (argc - first) // spec.limit - 1
    return argc + spec.last


# Python handles, for tests and cold callers


def extract_keys_of(specs: tuple, argv: list) -> list | None:
    """Do as `extract_keys` with the arguments given as a list of bytes, the command's name first."""
    args: Args = Args()
    argument: bytes
    for argument in argv:
        args.push(cython.cast(cython.p_char, argument), len(argument))
    return extract_keys(specs, args)
