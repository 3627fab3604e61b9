"""Commands: declared once with `@command`, found by name in a few nanoseconds, counted.

A declaration is all there is to know about a command. COMMAND, COMMAND DOCS, ACL categories, key extraction, statistics
and HELP texts read it; nothing about a command is written down anywhere else.

The table that requests are looked up in is an open-addressing hash of the upper- or lower-case name's bytes. Names of
subcommands are looked up in their container.
"""

import cython
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.libc.string import memcmp, memcpy, memset
from cython.cimports.pyrite.core.histogram import (
    Histogram,
    LatencyLevel,
    histogram_levels,
    histogram_percentile,
    histogram_record,
)
from cython.cimports.pyrite.core.parser import Args

from pyrite.engine.declare import LOADING, MOVABLE_KEYS, STALE, acl_categories, legacy_range, syntax

# All commands without their subcommands, by the name that clients call them by, in lower case.
commands: dict = {}

_table = cython.declare(cython.pointer[cython.pointer[cython.PyObject]])
_table = cython.cast(cython.pointer[cython.pointer[cython.PyObject]], calloc(TABLE_SIZE, cython.sizeof(cython.p_void)))

# The command that was looked up last, by the very bytes that named it: the next request mostly names the same one.
_last_word = cython.declare(cython.char[16])
_last_length = cython.declare(cython.Py_ssize_t, -1)
_last = cython.declare(cython.pointer[cython.PyObject], cython.NULL)


@cython.final
@cython.cclass
class Command:
    """One command or subcommand: its declaration, its handler, its statistics."""

    def __init__(self, name: str, handler, declared: dict, parent: Command | None = None) -> None:
        self.name = name.lower()
        self.wire_name = self.name.encode()
        self.called = self.wire_name
        self.handler = handler
        self.run = PyVectorcall_Function(cython.cast(cython.pointer[cython.PyObject], handler))
        if self.run == cython.NULL:
            self.run = PyObject_Vectorcall
        self.parent = parent
        self.arity = declared["arity"]
        self.group = declared["group"]
        self.keys = declared.get("keys", ())
        self.flags = declared.get("flags", 0)
        self.acl = acl_categories(self.group, self.flags, declared.get("acl"))
        if legacy_range(self.keys)[3]:
            self.flags |= MOVABLE_KEYS
        self.since = declared["since"]
        self.complexity = declared.get("complexity")
        self.summary = declared.get("summary") or (handler.__doc__ or "").strip().partition("\n")[0]
        self.tips = declared.get("tips", ())
        self.history = declared.get("history", ())
        self.args = declared.get("args", ())
        self.deprecated_since = declared.get("deprecated_since")
        self.replaced_by = declared.get("replaced_by")
        self.doc_flags = declared.get("doc_flags", 0)
        self.subcommands = {}
        self.subcommands_by_word = {}

    def __dealloc__(self) -> None:
        free(self.latency)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def record(self, ns: cython.longlong) -> cython.int:
        """Count a call that took so long in the latency histogram."""
        if self.latency == cython.NULL:
            self.latency = cython.cast(cython.pointer[Histogram], calloc(1, cython.sizeof(Histogram)))
            if self.latency == cython.NULL:
                raise MemoryError
        histogram_record(self.latency, ns)
        return 0

    @property
    def latency_calls(self) -> int:
        """How many calls the latency histogram holds."""
        return 0 if self.latency == cython.NULL else self.latency.total

    def latency_ns(self, percentile: cython.double) -> int:
        """The time in ns that this percentage of calls did not exceed."""
        return 0 if self.latency == cython.NULL else histogram_percentile(self.latency, percentile)

    def latency_levels(self) -> list[tuple[int, int]]:
        """The pairs of LATENCY HISTOGRAM: microseconds, and how many calls took no longer."""
        levels: LatencyLevel[21]
        if self.latency == cython.NULL:
            return []
        count: cython.int = histogram_levels(self.latency, levels)
        return [(levels[i].usec, levels[i].calls) for i in range(count)]

    def reset_statistics(self) -> None:
        """Forget all calls."""
        self.calls = 0
        self.total_ns = 0
        self.rejected_calls = 0
        self.failed_calls = 0
        free(self.latency)
        self.latency = cython.NULL


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _name_hash(p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.ulonglong:
    """FNV-1a over the bytes with the case bit set."""
    h: cython.ulonglong = FNV_OFFSET
    i: cython.Py_ssize_t
    for i in range(n):
        h = (h ^ (p[i] | 32)) * FNV_PRIME
    return h ^ (h >> 29)


@cython.cfunc
@cython.inline
def _find(p: cython.p_const_char, n: cython.Py_ssize_t) -> Command:
    i: cython.Py_ssize_t = _name_hash(p, n) & (TABLE_SIZE - 1)
    j: cython.Py_ssize_t
    while _table[i] != cython.NULL:
        found: Command = cython.cast(Command, _table[i])
        name: cython.p_const_char = found.called
        if len(found.called) == n:
            for j in range(n):
                if name[j] != (p[j] + 32 if 65 <= p[j] <= 90 else p[j]):
                    break
            else:
                return found
        i = (i + 1) & (TABLE_SIZE - 1)
    return None


@cython.cfunc
def lookup_command(args: Args) -> Command:
    """The command that a request names, None for an unknown one. A container without a subcommand is one, too.

    Its arity sees to it that it does not run.
    """
    global _last, _last_length
    n: cython.Py_ssize_t = args.v[0].n
    if n == _last_length and memcmp(_last_word, args.v[0].p, n) == 0:
        return cython.cast(Command, _last)
    found: Command = _find(args.v[0].p, n)
    if found is None:
        return found
    if found.subcommands:
        return found if args.argc < 2 else found.subcommands_by_word.get(args[1].lower())
    if n <= LAST_WORD_MAX:
        memcpy(_last_word, args.v[0].p, n)
        _last_length = n
        _last = cython.cast(cython.pointer[cython.PyObject], found)
    return found


@cython.cfunc
def lookup_container(args: Args) -> Command:
    """The command that a request's first word names: the container, where `lookup_command` finds no such subcommand."""
    return _find(args.v[0].p, args.v[0].n)


def find_command(name: bytes) -> Command | None:
    """The command with this name in any case; a subcommand as `container|subcommand`."""
    word, bar, rest = name.lower().partition(b"|")
    found: Command = commands.get(word.decode("latin-1"))
    if found is None or not bar:
        return found
    return found.subcommands_by_word.get(rest)


def all_commands() -> list[Command]:
    """Every command and subcommand."""
    found: list = []
    each: Command
    for each in commands.values():
        found.append(each)
        found.extend(each.subcommands.values())
    return found


def _register(made: Command) -> None:
    if made.name in commands:
        raise ValueError(f"command {made.name} is declared twice")
    if len(commands) * 2 >= TABLE_SIZE:
        raise ValueError("the command table is full")
    commands[made.name] = made
    _enter(made)


def rename_commands(renamed: dict[str, str]) -> None:
    """Have clients call commands by other names; a new name of "" takes a command away. Names are in lower case."""
    global _last_length
    made: Command
    taken: list = [(new, commands.pop(old)) for old, new in renamed.items()]
    for new, made in taken:
        if new:
            made.called = new.encode("utf-8", "surrogateescape")
            commands[new] = made
    _last_length = -1
    memset(_table, 0, TABLE_SIZE * cython.sizeof(cython.p_void))
    for made in commands.values():
        _enter(made)


@cython.cfunc
def _enter(made: Command):
    i: cython.Py_ssize_t = _name_hash(made.called, len(made.called)) & (TABLE_SIZE - 1)
    while _table[i] != cython.NULL:
        i = (i + 1) & (TABLE_SIZE - 1)
    # `commands` keeps the object alive.
    _table[i] = cython.cast(cython.pointer[cython.PyObject], made)


def command(name: str, **declared):
    """Declare a command and register the function below as its handler; see `Command` for what may be declared.

    The first line of the docstring is the summary. A name `CONTAINER|SUBCOMMAND` adds to a declared container.
    """

    def register(handler):
        container_name, _, word = name.partition("|")
        if not word:
            _register(Command(name, handler, declared))
            return handler
        parent: Command = commands[container_name.lower()]
        made: Command = Command(name, handler, declared, parent)
        parent.subcommands[word.lower()] = made
        parent.subcommands_by_word[word.lower().encode()] = made
        return handler

    return register


def container(name: str, *, summary: str, **declared) -> None:
    """Declare a command that is only the name of its subcommands."""
    _register(Command(name, None, {"summary": summary, **declared, "arity": -2}))


def help_of(name: str, *, since: str, flags: int = LOADING | STALE, **declared) -> None:
    """Declare `<name>|HELP`, which replies with the syntax and summary of each subcommand."""

    def handler(client, args) -> None:
        lines: list = help_lines(commands[name.lower()])
        client.reply.array(len(lines))
        for line in lines:
            client.reply.simple(line.encode())

    parent: Command = commands[name.lower()]
    handler.__doc__ = f"List the subcommands of {name.upper()}."
    settings: dict = {"arity": 2, "group": parent.group, "since": since, "flags": flags, "complexity": "O(1)"}
    command(f"{name}|HELP", **(settings | declared))(handler)


def help_lines(subject: Command) -> list[str]:
    """The lines of a HELP reply."""
    lines: list = [f"{subject.name.upper()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
    each: Command
    for word, each in sorted(subject.subcommands.items()):
        if word == "help":
            continue
        lines.append(f"{word.upper()} {syntax(each.args)}".rstrip())
        lines.append("    " + each.summary)
    return [*lines, "HELP", "    Print this help."]
