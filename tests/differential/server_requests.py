"""Requests of the commands for connections, the server, messages, transactions and scripts."""

from hypothesis import strategies as st

from tests.differential.arguments import (
    Argv,
    any_key,
    boundary,
    database,
    integer,
    many,
    maybe,
    number,
    odd_integer,
    options,
    row,
    small,
    value,
    word,
    words,
)
from tests.differential.families import GENERATED, family
from tests.differential.script_bodies import LIBRARIES, LOOKING, RUNNING, digests_of

# The connection

connection = family("connection")
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

server = family("server")
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
for container in ("client", "command", "config", "latency", "memory", "object", "pubsub", "slowlog", "xgroup", "xinfo"):
    server(f"{container}|help")
server("script|help")
server("function|help")

config = family("config")
SETTINGS = {
    b"maxmemory-policy": st.sampled_from([b"noeviction", b"allkeys-lru", b"ALLKEYS-LFU", b"volatile-ttl", b"nosuch"]),
    b"hll-sparse-max-bytes": st.sampled_from([b"0", b"100", b"3000", b"-1", b"100kb"]),
    b"maxmemory": st.sampled_from([b"0", b"1gb", b"100q", b"-1", b"1GB"]),
    b"timeout": st.sampled_from([b"0", b"1000", b"-1", b"2147483648", b"x"]),
    b"lfu-log-factor": integer,
    b"lfu-decay-time": integer,
    b"hash-max-ziplist-entries": integer,
    b"hash-max-listpack-entries": integer,
    b"hash-max-listpack-value": integer,
    b"list-max-listpack-size": integer,
    b"set-max-intset-entries": st.one_of(small, st.just(b"512")),
    b"zset-max-listpack-entries": st.sampled_from([b"0", b"3", b"8", b"128", b"-1"]),
    b"zset-max-listpack-value": st.sampled_from([b"0", b"64", b"100"]),
    b"slowlog-max-len": integer,
    b"stream-node-max-bytes": st.sampled_from([b"0", b"100", b"4096", b"-1", b"x"]),
    b"stream-node-max-entries": st.sampled_from([b"0", b"1", b"3", b"100", b"-1", b"x"]),
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

about = family("command")
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

debug = family("debug")
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

broker = family("broker")
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

# Commands of transactions, which the state machine sends as a whole: those that no version answers differently.
TRANSACTIONAL = ("string", "counter")
GENERATED |= {"multi", "watch"}
watched_keys = many(any_key, least=1, most=3)

# Scripts and functions

FUNCTIONS = (b"run", b"LOOK", b"reads", b"nosuch")


def _as_keys(keys: Argv) -> Argv:
    return [b"%d" % len(keys), *keys]


key_count_and_keys = many(any_key, most=3).map(_as_keys)
looked_at = many(
    st.one_of(value, number, st.sampled_from([b"[1,2,{}]", b'{"a":null}', b"0x10", b"1e5", b"-1"])), most=3
)
scripts = family("script")
for _command, _bodies in (
    ("eval", st.sampled_from(LOOKING)),
    ("eval_ro", st.sampled_from(LOOKING)),
    ("evalsha", st.sampled_from(digests_of(LOOKING))),
    ("evalsha_ro", st.sampled_from(digests_of(LOOKING + RUNNING))),
    ("fcall", st.sampled_from(FUNCTIONS)),
    ("fcall_ro", st.sampled_from(FUNCTIONS)),
):
    scripts(_command, _bodies, key_count_and_keys, looked_at)
scripts("script|load", st.sampled_from(LOOKING))
scripts("script|exists", many(st.sampled_from([*digests_of(LOOKING), b"x"]), least=1))
scripts("script|flush", maybe(words("sync", "async", "nosuch")))
scripts("script|kill")
scripts("function|load", maybe(word("replace")), st.sampled_from(LIBRARIES))
scripts("function|delete", words("writing", "reading", "nosuch"))
scripts("function|flush", maybe(words("sync", "async", "nosuch")))
scripts("function|kill")
scripts("function|list", options(word("withcode"), row(word("libraryname"), words("wri*", "reading", "nosuch"))))
scripts("function|stats")
