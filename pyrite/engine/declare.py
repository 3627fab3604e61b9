"""The words commands are declared with: flags, groups, ACL categories, tips, key specs and argument trees.

Everything here is data that is built once, at import. Nothing looks at a client or a keyspace, so that any module
may import it. Names and numbers of flags are those that COMMAND shows; the order in which the reply lists them is the
order of the tables below.

A key spec says where the keys of a command stand, in two steps: where to begin (at an index, after a keyword, or
unknown) and how to go on from there (a range, a count that stands among the arguments, or unknown). An argument tree
says what COMMAND DOCS shows, and what the one-line syntax of a command is rendered from.

Specification: the documentation of COMMAND, COMMAND DOCS and of key specifications at redis.io.
"""

import cython

# Command flags --------------------------------------------------------------------------------------------------------

WRITE = 1 << 0  # may change the keyspace
READONLY = 1 << 1  # reads keys and never changes them
DENYOOM = 1 << 2  # may need memory: refused above maxmemory
MODULE = 1 << 3  # comes from a module
ADMIN = 1 << 4
PUBSUB = 1 << 5
NOSCRIPT = 1 << 6  # not allowed in scripts
BLOCKING = 1 << 7
LOADING = 1 << 8  # allowed while the data set is being loaded
STALE = 1 << 9  # allowed on a replica whose data is stale
SKIP_MONITOR = 1 << 10
SKIP_SLOWLOG = 1 << 11
ASKING = 1 << 12  # takes a slot being imported as if ASKING had come before
FAST = 1 << 13
NO_AUTH = 1 << 14  # allowed before authentication
NO_MANDATORY_KEYS = 1 << 15  # has key specs, yet may be called with no key
NO_ASYNC_LOADING = 1 << 16
NO_MULTI = 1 << 17  # not allowed in a transaction
MOVABLE_KEYS = 1 << 18  # first, last and step do not tell all keys; derived from the key specs, never declared
ALLOW_BUSY = 1 << 19  # allowed while a script runs too long
# The rest is for the server only: COMMAND does not show it.
MAY_REPLICATE = 1 << 20  # not a write, but may be propagated
SENTINEL = 1 << 21  # exists under Sentinel too
ONLY_SENTINEL = 1 << 22
PROTECTED = 1 << 23  # needs its enable-…-command option
TOUCHES_ARBITRARY_KEYS = 1 << 24  # may touch keys that are not among its arguments

FLAG_NAMES = (
    (WRITE, "write"),
    (READONLY, "readonly"),
    (DENYOOM, "denyoom"),
    (MODULE, "module"),
    (ADMIN, "admin"),
    (PUBSUB, "pubsub"),
    (NOSCRIPT, "noscript"),
    (BLOCKING, "blocking"),
    (LOADING, "loading"),
    (STALE, "stale"),
    (SKIP_MONITOR, "skip_monitor"),
    (SKIP_SLOWLOG, "skip_slowlog"),
    (ASKING, "asking"),
    (FAST, "fast"),
    (NO_AUTH, "no_auth"),
    (NO_MANDATORY_KEYS, "no_mandatory_keys"),
    (NO_ASYNC_LOADING, "no_async_loading"),
    (NO_MULTI, "no_multi"),
    (MOVABLE_KEYS, "movablekeys"),
    (ALLOW_BUSY, "allow_busy"),
)

# Documentation flags.
DEPRECATED = 1 << 0
SYSCMD = 1 << 1  # internal: for tests and for servers talking to each other

DOC_FLAG_NAMES = ((DEPRECATED, "deprecated"), (SYSCMD, "syscmd"))

# Groups: the names that COMMAND DOCS shows ----------------------------------------------------------------------------

GENERIC = "generic"
STRING = "string"
LIST = "list"
SET = "set"
SORTED_SET = "sorted-set"
HASH = "hash"
PUBSUB_GROUP = "pubsub"
TRANSACTIONS = "transactions"
CONNECTION = "connection"
SERVER = "server"
SCRIPTING = "scripting"
HYPERLOGLOG = "hyperloglog"
CLUSTER = "cluster"
SENTINEL_GROUP = "sentinel"
GEO = "geo"
STREAM = "stream"
BITMAP = "bitmap"

# ACL categories -------------------------------------------------------------------------------------------------------


class ACL:
    """ACL category bits, in the order of ACL CAT."""

    KEYSPACE = 1 << 0
    READ = 1 << 1
    WRITE = 1 << 2
    SET = 1 << 3
    SORTEDSET = 1 << 4
    LIST = 1 << 5
    HASH = 1 << 6
    STRING = 1 << 7
    BITMAP = 1 << 8
    HYPERLOGLOG = 1 << 9
    GEO = 1 << 10
    STREAM = 1 << 11
    PUBSUB = 1 << 12
    ADMIN = 1 << 13
    FAST = 1 << 14
    SLOW = 1 << 15
    BLOCKING = 1 << 16
    DANGEROUS = 1 << 17
    CONNECTION = 1 << 18
    TRANSACTION = 1 << 19
    SCRIPTING = 1 << 20


ACL_NAMES = tuple((bit, name.lower()) for name, bit in vars(ACL).items() if name.isupper())

# The category that a command has through its group, when its declaration names none.
GROUP_ACL = {
    GENERIC: ACL.KEYSPACE,
    STRING: ACL.STRING,
    LIST: ACL.LIST,
    SET: ACL.SET,
    SORTED_SET: ACL.SORTEDSET,
    HASH: ACL.HASH,
    TRANSACTIONS: ACL.TRANSACTION,
    CONNECTION: ACL.CONNECTION,
    SCRIPTING: ACL.SCRIPTING,
    HYPERLOGLOG: ACL.HYPERLOGLOG,
    GEO: ACL.GEO,
    STREAM: ACL.STREAM,
    BITMAP: ACL.BITMAP,
}


def acl_categories(group: str, flags: int, acl: int | None = None) -> int:
    """Return all category bits of a command: `acl`, or else its group's own, and what its flags imply."""
    categories = GROUP_ACL.get(group, 0) if acl is None else acl
    if flags & WRITE:
        categories |= ACL.WRITE
    # Scripts read through the commands they call, so the scripting commands themselves are not in @read.
    if flags & READONLY and not categories & ACL.SCRIPTING:
        categories |= ACL.READ
    if flags & ADMIN:
        categories |= ACL.ADMIN | ACL.DANGEROUS
    if flags & PUBSUB:
        categories |= ACL.PUBSUB
    if flags & BLOCKING:
        categories |= ACL.BLOCKING
    return categories | (ACL.FAST if flags & FAST else ACL.SLOW)


def acl_category(name: str) -> int:
    """Return the bit of an ACL category by its name in any case, 0 when there is none."""
    return _ACL_BITS.get(name.lower(), 0)


_ACL_BITS = {name: bit for bit, name in ACL_NAMES}


def names_of(bits: int, table: tuple) -> list:
    """Return the names in `table`, pairs of bit and name, whose bit is set in `bits`."""
    return [name for bit, name in table if bits & bit]


# Tips: how clients and proxies may route a command and merge its replies ----------------------------------------------

NONDETERMINISTIC_OUTPUT = "nondeterministic_output"
NONDETERMINISTIC_OUTPUT_ORDER = "nondeterministic_output_order"
REQUEST_ALL_NODES = "request_policy:all_nodes"
REQUEST_ALL_SHARDS = "request_policy:all_shards"
REQUEST_MULTI_SHARD = "request_policy:multi_shard"
REQUEST_SPECIAL = "request_policy:special"
RESPONSE_AGG_LOGICAL_AND = "response_policy:agg_logical_and"
RESPONSE_AGG_MIN = "response_policy:agg_min"
RESPONSE_AGG_SUM = "response_policy:agg_sum"
RESPONSE_ALL_SUCCEEDED = "response_policy:all_succeeded"
RESPONSE_ONE_SUCCEEDED = "response_policy:one_succeeded"
RESPONSE_SPECIAL = "response_policy:special"

# Key specs ------------------------------------------------------------------------------------------------------------

# What a command does with a key. One of the first four: to its value as a whole, or to its metadata.
RO = 1 << 0
RW = 1 << 1
OW = 1 << 2  # overwrites the value whatever it was
RM = 1 << 3
# At most one of the next four, and ACCESS besides: to the user's data inside the value.
ACCESS = 1 << 4
UPDATE = 1 << 5
INSERT = 1 << 6
DELETE = 1 << 7
# About the spec itself.
NOT_KEY = 1 << 8  # no key, but routed as one
INCOMPLETE = 1 << 9  # may miss keys
VARIABLE_FLAGS = 1 << 10  # the actual flags depend on the other arguments

KEY_FLAG_NAMES = (
    (RO, "RO"),
    (RW, "RW"),
    (OW, "OW"),
    (RM, "RM"),
    (ACCESS, "access"),
    (UPDATE, "update"),
    (INSERT, "insert"),
    (DELETE, "delete"),
    (NOT_KEY, "not_key"),
    (INCOMPLETE, "incomplete"),
    (VARIABLE_FLAGS, "variable_flags"),
)


@cython.final
@cython.cclass
class KeySpec:
    """Where some keys of a command stand among its arguments, and what is done with them. Immutable.

    begin_search   "index" (`start`: the argument's index), "keyword" (`keyword`, looked for from argument `start` on,
                   backwards from the end when negative) or "unknown"
    find_keys      "range" (`last`: last key, relative to the beginning, or to the end when negative; `step`; `limit`:
                   with last -1, the part 1/limit of what remains), "keynum" (`count_index` and `first`: where the
                   count and the first key stand, relative to the beginning; `step`) or "unknown"
    finder         `finder(args, start) -> list of (index, flags)`: finds the keys exactly, where the spec alone cannot.
                   `start` is the index of the command's name in `args`, and the indexes returned count from it.
    """

    def __init__(
        self,
        flags: cython.int,
        begin_search: str = "unknown",
        find_keys: str = "unknown",
        start: cython.int = 0,
        keyword: str | None = None,
        last: cython.int = 0,
        step: cython.int = 1,
        limit: cython.int = 0,
        count_index: cython.int = 0,
        first: cython.int = 0,
        notes: str | None = None,
        finder=None,
    ):
        self.flags = flags
        self.begin_search = begin_search
        self.find_keys = find_keys
        self.start = start
        self.keyword = keyword
        self.last = last
        self.step = step
        self.limit = limit
        self.count_index = count_index
        self.first = first
        self.notes = notes
        self.finder = finder

    def is_range_from_index(self) -> bool:
        """Tell whether first, last and step say all that this spec says."""
        return self.begin_search == "index" and self.find_keys == "range"


def key_at(index: int, flags: int, *, notes: str | None = None, finder=None) -> KeySpec:
    """One key, at an index; the command's name stands at 0."""
    return KeySpec(flags, "index", "range", start=index, notes=notes, finder=finder)


def key_range(first: int, last: int, flags: int, *, step: int = 1, limit: int = 0, notes: str | None = None) -> KeySpec:
    """Keys from index `first` on; `last` is relative to `first`, or to the end of the arguments when negative."""
    return KeySpec(flags, "index", "range", start=first, last=last, step=step, limit=limit, notes=notes)


def keys_by_count(index: int, flags: int, *, first: int = 1, step: int = 1, notes: str | None = None) -> KeySpec:
    """As many keys as the argument at `index` says, the first of them `first` places after it."""
    return KeySpec(flags, "index", "keynum", start=index, first=first, step=step, notes=notes)


def key_after(keyword: str, search_from: int, flags: int, *, notes: str | None = None, finder=None) -> KeySpec:
    """One key, right after a keyword that is looked for from `search_from` on."""
    return KeySpec(flags, "keyword", "range", start=search_from, keyword=keyword, notes=notes, finder=finder)


def keys_after(
    keyword: str,
    search_from: int,
    flags: int,
    *,
    last: int = -1,
    step: int = 1,
    limit: int = 0,
    notes: str | None = None,
) -> KeySpec:
    """Keys from the argument after a keyword on, as in `key_range`."""
    return KeySpec(
        flags, "keyword", "range", start=search_from, keyword=keyword, last=last, step=step, limit=limit, notes=notes
    )


def keys_unknown(flags: int, *, notes: str | None = None, finder=None) -> KeySpec:
    """Keys whose places no spec can tell."""
    return KeySpec(flags, notes=notes, finder=finder)


def legacy_range(keys: tuple) -> tuple:
    """Return (first, last, step, movable), the one range that older clients know, for a command's key specs.

    Ranges that follow each other without a gap count as one. `movable` says that the range misses keys or may do so.
    """
    if len(keys) == 1 and keys[0].is_range_from_index():
        return keys[0].start, _last_index(keys[0]), keys[0].step, bool(keys[0].flags & INCOMPLETE)
    first, last, movable = 0, 0, False
    spec: KeySpec
    for spec in keys:
        movable = movable or bool(spec.flags & INCOMPLETE)
        continues = spec.is_range_from_index() and spec.step == 1 and (not last or spec.start == last + 1)
        if not continues:
            movable = True
            continue
        first = first or spec.start
        last = _last_index(spec)
    return first, last, 1 if first else 0, movable


def _last_index(spec: KeySpec) -> int:
    return spec.last if spec.last < 0 else spec.start + spec.last


# Argument trees -------------------------------------------------------------------------------------------------------

OPTIONAL = 1 << 0
MULTIPLE = 1 << 1
MULTIPLE_TOKEN = 1 << 2  # the token is repeated with each value

ARGUMENT_FLAG_NAMES = ((OPTIONAL, "optional"), (MULTIPLE, "multiple"), (MULTIPLE_TOKEN, "multiple_token"))


@cython.final
@cython.cclass
class Argument:
    """One node of a command's argument tree, as COMMAND DOCS shows it. Immutable.

    type             "string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof" or "block"
    display          what a syntax line shows for the value; only "oneof" and "block" have none
    key_spec_index   which of the command's key specs a key argument belongs to, -1 for none
    token            the literal word that stands before the value, or alone
    arguments        the choices of "oneof", the members of "block"
    """

    def __init__(
        self,
        name: str,
        type_: str,
        arguments: tuple = (),
        *,
        token: str | None = None,
        display: str | None = None,
        key_spec_index: cython.int = -1,
        since: str | None = None,
        deprecated_since: str | None = None,
        flags: cython.int = 0,
    ):
        self.name = name
        self.type = type_
        self.arguments = arguments
        self.token = token
        self.display = display
        if display is None and type_ not in ("oneof", "block"):
            self.display = name
        self.key_spec_index = key_spec_index
        self.since = since
        self.deprecated_since = deprecated_since
        self.flags = flags

    def with_flags(self, flags: int) -> Argument:
        """Return the same argument with flags added."""
        return Argument(
            self.name,
            self.type,
            self.arguments,
            token=self.token,
            display=self.display,
            key_spec_index=self.key_spec_index,
            since=self.since,
            deprecated_since=self.deprecated_since,
            flags=self.flags | flags,
        )


# Options of all constructors: token, display, since, deprecated_since.


def key(name: str = "key", spec: int = 0, **options) -> Argument:
    """A key's name; `spec` is the index of its key spec."""
    return Argument(name, "key", key_spec_index=spec, **options)


def string(name: str, **options) -> Argument:
    """Any string."""
    return Argument(name, "string", **options)


def integer(name: str, **options) -> Argument:
    """A signed decimal integer."""
    return Argument(name, "integer", **options)


def double(name: str, **options) -> Argument:
    """A floating-point number."""
    return Argument(name, "double", **options)


def pattern(name: str = "pattern", **options) -> Argument:
    """A glob pattern."""
    return Argument(name, "pattern", **options)


def unix_time(name: str, **options) -> Argument:
    """A point in time since the epoch; the name tells the unit."""
    return Argument(name, "unix-time", **options)


def token(word: str, name: str | None = None, **options) -> Argument:
    """A literal word; its name is the word in lower case unless given."""
    return Argument(word.lower() if name is None else name, "pure-token", token=word, **options)


def one_of(name: str, *choices: Argument, **options) -> Argument:
    """Exactly one of the choices."""
    return Argument(name, "oneof", choices, **options)


def block(name: str, *members: Argument, **options) -> Argument:
    """All members, in their order."""
    return Argument(name, "block", members, **options)


def optional(argument: Argument) -> Argument:
    """The argument may be left out."""
    return argument.with_flags(OPTIONAL)


def multiple(argument: Argument, *, repeat_token: bool = False) -> Argument:
    """The argument may be given several times, after one token or, with `repeat_token`, each after its own."""
    return argument.with_flags(MULTIPLE | MULTIPLE_TOKEN if repeat_token else MULTIPLE)


def syntax(arguments: tuple) -> str:
    """Render an argument tree as one line, such as "key value [NX | XX] [GET]"."""
    return " ".join([_syntax_of(argument) for argument in arguments])


def _syntax_of(argument: Argument) -> str:
    value = _value_syntax(argument)
    if argument.flags & MULTIPLE_TOKEN:
        value = f"{argument.token} {value}"
    if argument.flags & MULTIPLE:
        value = f"{value} [{value} ...]"
    if argument.token is not None and argument.type != "pure-token" and not argument.flags & MULTIPLE_TOKEN:
        value = f"{argument.token} {value}"
    return f"[{value}]" if argument.flags & OPTIONAL else value


def _value_syntax(argument: Argument) -> str:
    if argument.type == "pure-token":
        return argument.token
    if argument.type == "block":
        return syntax(argument.arguments)
    if argument.type == "oneof":
        choices = " | ".join([_syntax_of(choice) for choice in argument.arguments])
        in_brackets = argument.flags & OPTIONAL and argument.token is None
        return choices if in_brackets else f"<{choices}>"
    return argument.display
