"""Requests of each command that both servers have, by family.

`GENERATED` has the name of each command and subcommand as in COMMAND LIST; `NOT_GENERATED` says why a command has no
requests. A test holds the two against the command tables of both servers.
"""

from collections.abc import Callable

from hypothesis import strategies as st

from tests.differential.arguments import (
    LONGLONG_MAX,
    Arguments,
    Argv,
    Part,
    any_key,
    at_ms,
    at_s,
    bit_offset,
    bitmap_key,
    boundary,
    byte_offset,
    damaged,
    database,
    decimal,
    double,
    integer,
    many,
    maybe,
    number,
    number_key,
    odd_integer,
    options,
    relative_ms,
    relative_s,
    row,
    sketch_key,
    sketch_value,
    small,
    string_key,
    value,
    word,
    words,
)

GENERATED: set[str] = set()
# By family, what the state machine chooses from.
FAMILIES: dict[str, list[Arguments]] = {}


def _family(name: str) -> Callable[..., None]:
    """Return a function that enters requests of a command into this family; it takes the name and the arguments."""
    members = FAMILIES.setdefault(name, [])

    def enter(command: str, *parts: st.SearchStrategy[Part]) -> None:
        GENERATED.add(command)
        members.append(row(*(word(part) for part in command.split("|")), *parts))

    return enter


@st.composite
def requests(draw: st.DrawFn, family: str) -> Argv:
    """Return a request of a family, in one of five cases damaged."""
    chosen = draw(st.sampled_from(FAMILIES[family]))
    return draw(damaged(chosen) if draw(st.integers(0, 4)) == 0 else chosen)


def timed(*more: st.SearchStrategy[Part]) -> list[st.SearchStrategy[Part]]:
    """Return the options that say when a key expires, after others."""
    return [
        *more,
        row(word("ex"), relative_s),
        row(word("px"), relative_ms),
        row(word("exat"), at_s),
        row(word("pxat"), at_ms),
    ]


# Strings

string = _family("string")
pairs = many(row(string_key, value), least=1)
string("get", any_key)
string("set", any_key, value, options(*timed(word("nx"), word("xx"), word("get"), word("keepttl"))))
string("setnx", string_key, value)
string("setex", string_key, relative_s, value)
string("psetex", string_key, relative_ms, value)
string("getset", string_key, value)
string("getdel", any_key)
string("getex", any_key, options(*timed(word("persist")), most=2))
string("mget", many(any_key, least=1))
string("mset", pairs)
string("msetnx", pairs)
string("append", st.one_of(string_key, number_key), value)
string("strlen", any_key)
string("setrange", string_key, byte_offset, value)
string("getrange", any_key, byte_offset, byte_offset)
string("substr", any_key, byte_offset, byte_offset)
string(
    "lcs",
    string_key,
    string_key,
    options(word("len"), word("idx"), word("withmatchlen"), row(word("minmatchlen"), integer)),
)

counter = _family("counter")
counter("set", number_key, number)
counter("get", number_key)
counter("incr", number_key)
counter("decr", number_key)
counter("incrby", number_key, integer)
counter("decrby", number_key, integer)
counter("incrbyfloat", number_key, double)

# Bitmaps

bitmap = _family("bitmap")
bit = st.sampled_from([b"0", b"1", b"0", b"1", b"0", b"1", b"2", b"-1", b"", b"x"])
unit = words("byte", "bit")
field_type = st.one_of(
    st.tuples(st.sampled_from([b"u", b"i"]), st.integers(1, 64).map(lambda n: b"%d" % n)).map(b"".join),
    st.sampled_from([b"u8", b"i8", b"u0", b"i65", b"u64", b"U8", b"x8", b"u", b"", b"u-1", b"i 8", b"u08"]),
)
# In fields of the type's width. Where that product overflows 64 bits Redis wraps it around; no test depends on that.
field_number = st.one_of(st.integers(-2, 2**56).map(decimal), st.integers(0, 50).map(decimal), odd_integer)
field_offset = st.one_of(bit_offset, bit_offset, field_number.map(lambda at: b"#" + at))
get_field = row(word("get"), field_type, field_offset)
bitmap("setbit", bitmap_key, bit_offset, bit)
bitmap("getbit", bitmap_key, bit_offset)
bitmap("bitcount", any_key, maybe(byte_offset, byte_offset, maybe(unit)))
bitmap("bitpos", any_key, bit, maybe(byte_offset, maybe(byte_offset, maybe(unit))))
bitmap("bitop", words("and", "or", "xor", "not"), bitmap_key, many(any_key, least=1))
bitmap("bitop", words("not"), bitmap_key, any_key)
bitmap(
    "bitfield",
    bitmap_key,
    options(
        get_field,
        row(word("set"), field_type, field_offset, integer),
        row(word("incrby"), field_type, field_offset, integer),
        row(word("overflow"), words("wrap", "sat", "fail", "none")),
        most=5,
    ),
)
bitmap(
    "bitfield_ro", any_key, options(get_field, get_field, get_field, row(word("set"), field_type, field_offset, small))
)

# HyperLogLog

sketch = _family("sketch")
some_elements = many(value, most=6)
many_elements = st.tuples(st.integers(0, 100), st.integers(0, 700)).map(
    lambda span: [b"element-%d" % each for each in range(span[0], sum(span))]
)
sketch("pfadd", sketch_key, some_elements)
sketch("pfadd", sketch_key, many_elements)
sketch("pfcount", many(sketch_key, least=1))
sketch("pfmerge", many(sketch_key, least=1))
sketch("pfdebug", words("encoding", "todense", "decode", "getreg", "nosuch"), sketch_key)
sketch("set", sketch_key, sketch_value)
sketch("strlen", sketch_key)

# Keys of any type

generic = _family("generic")
pattern = st.sampled_from([b"*", b"[a-h]", b"?", b"", b"k*", b"\\s", b"[^s]", b"*\xff*", b"nosuch"])
generic("del", many(any_key, least=1))
generic("unlink", many(any_key, least=1))
generic("exists", many(any_key, least=1))
generic("touch", many(any_key, least=1))
generic("type", any_key)
generic("rename", any_key, any_key)
generic("renamenx", any_key, any_key)
generic("copy", any_key, any_key, options(word("replace"), row(word("db"), database)))
generic("move", any_key, database)
generic("keys", pattern)
generic("randomkey")
scan_options = options(
    row(word("match"), pattern),
    row(word("count"), st.sampled_from([b"1", b"10", b"1000000", str(LONGLONG_MAX).encode()])),
    row(word("type"), words("string", "list", "hash", "zset", "set", "stream", "nosuch")),
)
generic(
    "scan",
    st.sampled_from([b"0", b"0", b"x", b"-1", b"", b"18446744073709551616", b" 0", b"0 "]),
    st.one_of(scan_options, options(row(word("count"), integer), row(word("match"), value))),
)
generic("object|encoding", any_key)
generic("object|refcount", any_key)
generic("object|idletime", any_key)
generic("object|freq", any_key)
generic("memory|usage", any_key, options(row(word("samples"), integer)))

# When keys expire

expiry = _family("expiry")
condition = options(word("nx"), word("xx"), word("gt"), word("lt"), word("nosuch"), most=2)
expiry("expire", any_key, relative_s, condition)
expiry("pexpire", any_key, relative_ms, condition)
expiry("expireat", any_key, at_s, condition)
expiry("pexpireat", any_key, at_ms, condition)
expiry("persist", any_key)
for time_command in ("ttl", "pttl", "expiretime", "pexpiretime"):
    expiry(time_command, any_key)

# The connection

connection = _family("connection")
name = st.one_of(
    st.sampled_from([b"", b"name", b"two words", b"line\nbreak", b"~!", b"\x7f", b"\xe9"]),
    # Redis 7.2 looks at a name only up to a zero byte; we refuse all of such a name.
    value.filter(lambda text: b"\0" not in text),
)
connection("ping", maybe(value))
connection("echo", value)
connection("select", database)
connection(
    "hello",
    maybe(
        st.sampled_from([b"2", b"3", b"3", b"1", b"4", b"x", b"", b"-3"]),
        options(row(word("auth"), st.sampled_from([b"default", b"nosuch"]), value), row(word("setname"), name), most=2),
    ),
)
connection("auth", many(st.sampled_from([b"default", b"nosuch", b"", b"secret"]), least=1, most=3))
connection("reset")
connection("client|id")
connection("client|info")
connection("client|getname")
connection("client|setname", name)
connection("client|setinfo", words("lib-name", "lib-ver", "nosuch"), name)
connection("client|getredir")
connection("client|trackinginfo")
connection("client|no-evict", words("on", "off", "maybe"))
connection("client|no-touch", words("on", "off", "maybe"))
connection("client|unpause")
client_type = st.one_of(words("replica", "slave", "pubsub", "master", "nosuch"), st.just(b""))
connection(
    "client|list", st.one_of(st.just([]), row(word("type"), client_type), row(word("id"), many(boundary, least=1)))
)
# Filters that match nobody: which clients are there is no business of this test.
connection(
    "client|kill",
    row(word("id"), st.one_of(st.just(b"99999999"), odd_integer)),
    options(
        row(word("type"), client_type),
        row(words("addr", "laddr"), value),
        row(word("user"), st.sampled_from([b"default", b"nosuch"])),
        row(word("skipme"), words("yes", "no", "maybe")),
    ),
)
connection("client|pause", st.sampled_from([b"0", b"1", b"-1", b"x", b"9" * 30]), maybe(words("write", "all", "some")))
connection("client|unblock", st.one_of(st.just(b"99999999"), odd_integer), maybe(words("timeout", "error", "some")))

# The server

server = _family("server")
flush = maybe(words("sync", "async", "later"))
server("flushdb", flush)
server("flushall", flush)
server("dbsize")
server("swapdb", database, database)
server("time")
server("lolwut", maybe(word("version"), integer))
server("memory|purge")
server("memory|doctor")
server("memory|stats")
server("memory|malloc-stats")
server("info", many(st.sampled_from([b"server", b"keyspace", b"nosuch"]), least=1, most=2))
server("slowlog|get", maybe(integer))
server("slowlog|len")
server("slowlog|reset")
server("latency|doctor")
server("latency|latest")
server("latency|history", value)
server("latency|graph", value)
server("latency|reset", many(value))
server("latency|histogram", many(st.sampled_from([b"get", b"SET", b"nosuch", b"config"])))
for container in ("client", "command", "config", "latency", "memory", "object", "pubsub", "slowlog"):
    server(f"{container}|help")

config = _family("config")
SETTINGS = {
    b"maxmemory-policy": st.sampled_from([b"noeviction", b"allkeys-lru", b"ALLKEYS-LFU", b"volatile-ttl", b"nosuch"]),
    b"hll-sparse-max-bytes": st.sampled_from([b"0", b"100", b"3000", b"-1", b"100kb"]),
    b"maxmemory": st.sampled_from([b"0", b"1gb", b"100q", b"-1", b"1GB"]),
    b"timeout": st.sampled_from([b"0", b"1000", b"-1", b"2147483648", b"x"]),
    b"lfu-log-factor": integer,
    b"lfu-decay-time": integer,
    b"hash-max-ziplist-entries": integer,
    b"hash-max-listpack-entries": integer,
    b"list-max-listpack-size": integer,
    b"slowlog-max-len": integer,
    b"latency-monitor-threshold": st.sampled_from([b"0", b"-1", b"x"]),
    b"lazyfree-lazy-user-del": words("yes", "no", "maybe"),
    b"lazyfree-lazy-user-flush": words("yes", "no", "maybe"),
    b"notify-keyspace-events": st.sampled_from([b"", b"KEA", b"Kg$", b"nosuch", b"AK", b"m"]),
    b"client-output-buffer-limit": st.sampled_from(
        [b"normal 0 0 0", b"pubsub 1mb 2mb 60", b"nosuch 1 2 3", b"normal 1"]
    ),
    b"maxclients": st.sampled_from([b"100", b"0", b"x"]),
    b"loglevel": words("notice", "warning", "nosuch"),
    b"databases": st.just(b"20"),
    b"no-such-option": value,
    b"no-such\0option": value,
}
setting = st.sampled_from(sorted(SETTINGS)).flatmap(
    lambda name: st.tuples(st.sampled_from([name, name.upper()]), SETTINGS[name]).map(list)
)
config(
    "config|get", many(st.sampled_from([*sorted(SETTINGS), b"*", b"max*", b"*[lz]*", b"no?such", b"", b"HZ"]), least=1)
)
config("config|set", many(setting, least=1, most=3))
config("config|resetstat")
config("config|rewrite")

about = _family("command")
inner_names = [
    "get",
    "set",
    "mset",
    "bitop",
    "bitfield",
    "pfcount",
    "copy",
    "config",
    "object",
    "ping",
    "nosuch",
    "lcs",
]
command_name = words(*inner_names, "config|get", "object|encoding", "config|nosuch")
inner = row(words(*inner_names), many(st.one_of(any_key, words("get", "encoding", "set", "overflow")), most=5))
# All commands at once, and all that there is to say of them, are a matter of other tests.
about("command", words("nosuch", "get"))
about("command|count")
about("command|info", many(command_name, least=1))
about("command|docs", many(command_name, least=1))
about("command|getkeys", inner)
about("command|getkeysandflags", inner)
about(
    "command|list",
    maybe(
        word("filterby"),
        words("module", "aclcat", "pattern", "nosuch"),
        st.sampled_from([b"get*", b"string", b"x", b""]),
    ),
)

debug = _family("debug")
debug("debug", word("digest"))
debug("debug", word("digest-value"), many(any_key))
debug("debug", word("protocol"), words("string", "integer", "double", "bignum", "null", "array", "set", "map"))
debug("debug", word("protocol"), words("verbatim", "true", "false", "attrib", "nosuch"))
debug("debug", word("error"), value)
debug(
    "debug",
    word("populate"),
    st.sampled_from([b"3", b"0", b"-1", b"x"]),
    maybe(st.sampled_from([b"s", b"key"]), maybe(st.sampled_from([b"0", b"5", b"90"]))),
)

broker = _family("broker")
broker("publish", value, value)
broker("spublish", value, value)
broker("pubsub|channels", maybe(value))
broker("pubsub|shardchannels", maybe(value))
broker("pubsub|numsub", many(value))
broker("pubsub|shardnumsub", many(value))
broker("pubsub|numpat")
broker("exec")
broker("discard")
broker("unwatch")

# Commands of transactions, which the state machine sends as a whole.
TRANSACTIONAL = ("string", "counter", "bitmap")
GENERATED |= {"multi", "watch"}
watched_keys = many(any_key, least=1, most=3)

NOT_GENERATED = {
    "subscribe": "its replies are messages: see tests of publish and subscribe",
    "psubscribe": "as subscribe",
    "ssubscribe": "as subscribe",
    "unsubscribe": "as subscribe",
    "punsubscribe": "as subscribe",
    "sunsubscribe": "as subscribe",
    "monitor": "its replies never end: see tests of publish and subscribe",
    "quit": "ends the connection: see test_protocol_peer",
    "client|reply": "changes which replies there are: see test_protocol_peer",
    "shutdown": "ends the server",
    "pfselftest": "takes seconds, and can only pass",
}
