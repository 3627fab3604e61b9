"""Our whole command table against a real server's: COMMAND, COMMAND DOCS, COMMAND LIST and COMMAND GETKEYS.

The installed peer may be as old as Redis 7.0, Pyrite follows 7.4: what changed in between is listed here, each with the
version that changed it. A peer that is new enough simply agrees.
"""

import re
from typing import Any

import pytest

from tests.support import ErrorReply, RespClient, Server

Fields = dict[str, Any]

# (command, field): the value that it has had since the version named.
CHANGED: Fields = {
    ("msetnx", "tips"): [],  # 7.2: its keys must be on one shard, so it cannot be split
    ("randomkey", "tips"): ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],  # 7.2
    ("scan", "tips"): ["nondeterministic_output", "request_policy:special", "response_policy:special"],  # 7.2
    ("client|setname", "tips"): ["request_policy:all_nodes", "response_policy:all_succeeded"],  # 7.2
    ("config|resetstat", "tips"): ["request_policy:all_nodes", "response_policy:all_succeeded"],  # 7.2
    ("config|rewrite", "tips"): ["request_policy:all_nodes", "response_policy:all_succeeded"],  # 7.2
    ("latency|reset", "tips"): ["request_policy:all_nodes", "response_policy:agg_sum"],  # 7.2: it replies with a count
    ("command|getkeys", "arity"): -3,  # 7.2: commands without arguments get their own error
    ("command|getkeysandflags", "arity"): -3,  # 7.2: the same
    ("zrank", "arity"): -3,  # 7.2: WITHSCORE
    ("zrevrank", "arity"): -3,  # 7.2: WITHSCORE
    ("bzpopmin", "flags"): {"write", "fast", "blocking"},  # 7.2: allowed in scripts, where it does not wait
    ("bzpopmax", "flags"): {"write", "fast", "blocking"},  # 7.2: the same
    # 7.2: scripts may call them, and get the reply of a timeout at once
    ("blpop", "flags"): {"write", "blocking"},
    ("brpop", "flags"): {"write", "blocking"},
    ("blmove", "flags"): {"write", "denyoom", "blocking"},
    ("brpoplpush", "flags"): {"write", "denyoom", "blocking"},
    ("blmpop", "flags"): {"write", "blocking", "movablekeys"},
}

# 7.4: the expiry of the fields of hashes.
_KEY_AT_ONE: Fields = {
    "begin_search": ["type", "index", "spec", ["index", 1]],
    "find_keys": ["type", "range", "spec", ["lastkey", 0, "keystep", 1, "limit", 0]],
}
_READS_FIELDS: Fields = {
    "arity": -5,
    "flags": {"readonly", "fast"},
    "first, last, step": (1, 1, 1),
    "categories": {"@read", "@hash", "@fast"},
    "tips": [],
    "key specs": [{"flags": ["RO", "access"], **_KEY_AT_ONE}],
}
_PERSISTS_FIELDS: Fields = _READS_FIELDS | {
    "flags": {"write", "fast"},
    "categories": {"@write", "@hash", "@fast"},
    "key specs": [{"flags": ["RW", "update"], **_KEY_AT_ONE}],
}
_EXPIRES_FIELDS: Fields = _PERSISTS_FIELDS | {"arity": -6, "flags": {"write", "denyoom", "fast"}}

# Commands that an older peer lacks.
ADDED: dict[str, Fields] = {
    **dict.fromkeys(("hexpire", "hpexpire", "hexpireat", "hpexpireat"), _EXPIRES_FIELDS),
    **dict.fromkeys(("hexpiretime", "hpexpiretime"), _READS_FIELDS),
    **dict.fromkeys(("httl", "hpttl"), _READS_FIELDS | {"tips": ["nondeterministic_output"]}),
    "hpersist": _PERSISTS_FIELDS,
    # 7.2
    "client|setinfo": {
        "arity": 4,
        "flags": {"noscript", "loading", "stale"},
        "first, last, step": (0, 0, 0),
        "categories": {"@slow", "@connection"},
        "tips": ["request_policy:all_nodes", "response_policy:all_succeeded"],
        "key specs": [],
    },
    # 7.2
    "client|no-touch": {
        "arity": 3,
        "flags": {"noscript", "loading", "stale"},
        "first, last, step": (0, 0, 0),
        "categories": {"@slow", "@connection"},
        "tips": [],
        "key specs": [],
    },
}

# (command, field of COMMAND DOCS): the value that it has had since the version named.
CHANGED_DOCS: Fields = {
    ("setnx", "deprecated_since"): "2.6.12",  # 7.2 deprecated them, as of the version that made them superfluous
    ("setnx", "doc_flags"): ["deprecated"],
    ("setex", "deprecated_since"): "2.6.12",
    ("setex", "doc_flags"): ["deprecated"],
    ("psetex", "deprecated_since"): "2.6.12",
    ("psetex", "doc_flags"): ["deprecated"],
    ("quit", "deprecated_since"): "7.2.0",
    ("quit", "doc_flags"): ["deprecated"],
    ("zrank", "history"): ["7.2.0"],
    ("zrevrank", "history"): ["7.2.0"],
    ("client|pause", "since"): "3.0.0",  # 7.2 corrected it: 2.9.50 was a test release
    ("client|list", "history"): ["2.8.12", "5.0.0", "6.0.0", "6.2.0", "7.0.0", "7.0.3", "7.2.0", "7.4.0"],
    ("xinfo|consumers", "history"): ["7.2.0"],
    ("xinfo|stream", "history"): ["6.0.0", "7.0.0", "7.2.0"],
    ("client|kill", "history"): ["2.8.12", "2.8.12", "3.2.0", "5.0.0", "6.2.0", "7.4.0"],
}

GEORADIUS_OPTIONS: list[tuple[Any, ...]] = [
    (0, "radius", "double", None, []),
    (0, "unit", "oneof", None, []),
    *((1, unit.lower(), "pure-token", unit, []) for unit in ("M", "KM", "FT", "MI")),
    *((0, word.lower(), "pure-token", word, ["optional"]) for word in ("WITHCOORD", "WITHDIST", "WITHHASH")),
    (0, "count-block", "block", None, ["optional"]),
    (1, "count", "integer", "COUNT", []),
    (1, "any", "pure-token", "ANY", ["optional"]),
    (0, "order", "oneof", None, ["optional"]),
    (1, "asc", "pure-token", "ASC", []),
    (1, "desc", "pure-token", "DESC", []),
    (0, "store", "oneof", None, ["optional"]),
    (1, "storekey", "key", "STORE", []),
    (1, "storedistkey", "key", "STOREDIST", []),
]

# Argument trees that 7.2 put in another shape, as one (depth, name, type, token, flags) for each node.
RESHAPED: dict[str, list[tuple[Any, ...]]] = {
    "client|list": [
        (0, "client-type", "oneof", "TYPE", ["optional"]),
        (1, "normal", "pure-token", "NORMAL", []),
        (1, "master", "pure-token", "MASTER", []),
        (1, "replica", "pure-token", "REPLICA", []),
        (1, "pubsub", "pure-token", "PUBSUB", []),
        (0, "client-id", "integer", "ID", ["multiple", "optional"]),
    ],
    "client|kill": [  # 7.4 added MAXAGE
        (0, "filter", "oneof", None, []),
        (1, "old-format", "string", None, []),
        (1, "new-format", "oneof", None, ["multiple"]),
        (2, "client-id", "integer", "ID", ["optional"]),
        (2, "client-type", "oneof", "TYPE", ["optional"]),
        (3, "normal", "pure-token", "NORMAL", []),
        (3, "master", "pure-token", "MASTER", []),
        (3, "slave", "pure-token", "SLAVE", []),
        (3, "replica", "pure-token", "REPLICA", []),
        (3, "pubsub", "pure-token", "PUBSUB", []),
        (2, "username", "string", "USER", ["optional"]),
        (2, "addr", "string", "ADDR", ["optional"]),
        (2, "laddr", "string", "LADDR", ["optional"]),
        (2, "skipme", "oneof", "SKIPME", ["optional"]),
        (3, "yes", "pure-token", "YES", []),
        (3, "no", "pure-token", "NO", []),
        (2, "maxage", "integer", "MAXAGE", ["optional"]),
    ],
    "bitop": [
        (0, "operation", "oneof", None, []),
        (1, "and", "pure-token", "AND", []),
        (1, "or", "pure-token", "OR", []),
        (1, "xor", "pure-token", "XOR", []),
        (1, "not", "pure-token", "NOT", []),
        (0, "destkey", "key", None, []),
        (0, "key", "key", None, ["multiple"]),
    ],
    "pfmerge": [
        (0, "destkey", "key", None, []),
        (0, "sourcekey", "key", None, ["multiple", "optional"]),
    ],
    "hscan": [  # 7.4 added NOVALUES
        (0, "key", "key", None, []),
        (0, "cursor", "integer", None, []),
        (0, "pattern", "pattern", "MATCH", ["optional"]),
        (0, "count", "integer", "COUNT", ["optional"]),
        (0, "novalues", "pure-token", "NOVALUES", ["optional"]),
    ],
    "zrank": [
        (0, "key", "key", None, []),
        (0, "member", "string", None, []),
        (0, "withscore", "pure-token", "WITHSCORE", ["optional"]),
    ],
    "zrevrank": [
        (0, "key", "key", None, []),
        (0, "member", "string", None, []),
        (0, "withscore", "pure-token", "WITHSCORE", ["optional"]),
    ],
    "geohash": [(0, "key", "key", None, []), (0, "member", "string", None, ["multiple", "optional"])],
    "geopos": [(0, "key", "key", None, []), (0, "member", "string", None, ["multiple", "optional"])],
    "georadius": [
        (0, "key", "key", None, []),
        (0, "longitude", "double", None, []),
        (0, "latitude", "double", None, []),
        *GEORADIUS_OPTIONS,
    ],
    "georadiusbymember": [
        (0, "key", "key", None, []),
        (0, "member", "string", None, []),
        *GEORADIUS_OPTIONS,
    ],
    "xinfo|stream": [
        (0, "key", "key", None, []),
        (0, "full-block", "block", None, ["optional"]),
        (1, "full", "pure-token", "FULL", []),
        (1, "count", "integer", "COUNT", ["optional"]),
    ],
    "config|get": [(0, "parameter", "string", None, ["multiple"])],
    "command|getkeys": [
        (0, "command", "string", None, []),
        (0, "arg", "string", None, ["multiple", "optional"]),
    ],
    "command|getkeysandflags": [
        (0, "command", "string", None, []),
        (0, "arg", "string", None, ["multiple", "optional"]),
    ],
}

# Argument trees in which 7.2 only gave some nodes other names.
RENAMED = {
    "script|flush",
    "sort",
    "sort_ro",
    "bitcount",
    "bitfield",
    "bitfield_ro",
    "bitpos",
    "client|reply",
    "client|unblock",
    "config|set",
    "flushall",
    "flushdb",
    "function|flush",
    "geoadd",
    "georadius_ro",
    "georadiusbymember_ro",
    "geosearch",
    "geosearchstore",
    "hello",
    "hmset",
    "hset",
    "lcs",
    "mset",
    "msetnx",
    "shutdown",
    "zadd",
    "zrange",
    "zrangebylex",
    "zrangebyscore",
    "zrangestore",
    "zrevrangebylex",
    "zrevrangebyscore",
    "xadd",
    "xclaim",
    "xgroup|create",
    "xgroup|createconsumer",
    "xgroup|delconsumer",
    "xgroup|destroy",
    "xgroup|setid",
    "xinfo|consumers",
    "xreadgroup",
    "xsetid",
}

WITHOUT_COMPLEXITY = {"lolwut"}


def text(value: Any) -> Any:
    """Return a reply with its bytes decoded."""
    if isinstance(value, list):
        return [text(item) for item in value]
    return value.decode() if isinstance(value, bytes) else value


def pairs(flat: list[Any]) -> Fields:
    """Return what RESP2 sends as a flat list as the map that it means."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def key_spec(flat: list[Any]) -> Fields:
    """Return a key spec with its flags in one order; notes are each server's own words."""
    spec = pairs(flat)
    return spec | {"flags": sorted(spec["flags"])} | ({"notes": "…"} if "notes" in spec else {})


def described(server: Server, names: list[str]) -> dict[str, Fields]:
    """Return what COMMAND INFO tells of each command that the server has, in a form that can be compared."""
    found = {}
    for name, reply in zip(names, text(server.call("COMMAND", "INFO", *names)), strict=True):
        if reply is not None:
            assert len(reply) == 10
            assert reply[0] == name
            found[name] = {
                "arity": reply[1],
                "flags": set(reply[2]),
                "first, last, step": tuple(reply[3:6]),
                "categories": set(reply[6]),
                "tips": sorted(reply[7]),
                "key specs": [key_spec(spec) for spec in reply[8]],
            }
    return found


def documented(server: Server, names: list[str]) -> dict[str, Fields]:
    """Return what COMMAND DOCS tells of each command that the server has."""
    return {name: pairs(fields) for name, fields in pairs(text(server.call("COMMAND", "DOCS", *names))).items()}


def tree(arguments: list[list[Any]], depth: int = 0) -> list[tuple[Any, ...]]:
    """Return an argument tree as a list of its nodes."""
    nodes = []
    for flat in arguments:
        node = pairs(flat)
        nodes.append((depth, node["name"], node["type"], node.get("token"), sorted(node.get("flags", []))))
        nodes += tree(node.get("arguments", []), depth + 1)
    return nodes


def without_names(nodes: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(depth, *rest) for depth, _, *rest in nodes]


def all_names(server: Server) -> list[str]:
    """Return the names of all commands and subcommands that a server has."""
    return sorted(text(server.call("COMMAND", "LIST")))


@pytest.fixture
def names(server: Server) -> list[str]:
    return all_names(server)


def test_every_command_is_described_as_by_the_peer(server: Server, peer: Server, names: list[str]) -> None:
    ours, theirs = described(server, names), described(peer, names)
    assert sorted(ours) == names
    assert set(ours) - set(theirs) <= set(ADDED)
    wrong = {}
    for name, fields in ours.items():
        for field, value in fields.items():
            expected = theirs.get(name, ADDED.get(name, {}))[field]
            expected = CHANGED.get((name, field), expected)
            if value != expected:
                wrong[name, field] = (value, expected)
    assert wrong == {}


def test_added_commands_are_described_as_expected(server: Server) -> None:
    assert described(server, sorted(ADDED)) == ADDED


def test_command_without_arguments_describes_all(server: Server, names: list[str]) -> None:
    top = [name for name in names if "|" not in name]
    everything = server.call("COMMAND")
    assert sorted(text([each[0] for each in everything])) == top
    assert server.call("COMMAND", "INFO") == everything
    assert server.call("COMMAND", "COUNT") == len(top)
    subcommands = [sub[0] for each in everything for sub in each[9]]
    assert sorted(text(subcommands)) == [name for name in names if "|" in name]


def test_containers_hold_no_subcommand_that_the_peer_lacks(server: Server, peer: Server) -> None:
    assert set(all_names(server)) - set(all_names(peer)) <= set(ADDED)


def raw_reply(client: RespClient, *argv: str) -> bytes:
    """Return the bytes of a reply that is not to be parsed: a set of maps is no Python value."""
    client.send(*argv)
    client.send("ECHO", "the end")
    data = b""
    while not data.endswith(b"$7\r\nthe end\r\n"):
        data += client.read_bytes(1)
    return data


@pytest.mark.parametrize("resp", [2, 3])
def test_descriptions_have_the_peers_shape_to_the_byte(
    server: Server, peer: Server, names: list[str], resp: int
) -> None:
    same = [name for name in names if not {name} & {*ADDED, *(changed for changed, _ in CHANGED)}]
    with server.connect(resp=resp) as ours, peer.connect(resp=resp) as theirs:
        compared = 0
        for name in same:
            expected = raw_reply(theirs, "COMMAND", "INFO", name)
            # Notes are each server's own words, and containers hold what is there.
            if b"$5\r\nnotes" in expected or expected.count(b"*10\r\n") > 1:
                continue
            assert raw_reply(ours, "COMMAND", "INFO", name) == expected
            compared += 1
    assert compared > 100


@pytest.mark.parametrize("resp", [2, 3])
def test_unknown_commands(server: Server, peer: Server, resp: int) -> None:
    unknown = ["nope", "get|x", "config|nope", "config|get|x", "config|", "|get", ""]
    with server.connect(resp=resp) as ours, peer.connect(resp=resp) as theirs:
        for subcommand in ("INFO", "DOCS"):
            assert ours.call_raw("COMMAND", subcommand, *unknown) == theirs.call_raw("COMMAND", subcommand, *unknown)
        assert ours.call_raw("COMMAND", "NOPE") == theirs.call_raw("COMMAND", "NOPE")


def test_names_are_found_in_any_case(server: Server) -> None:
    assert server.call("COMMAND", "INFO", "GeT")[0][0] == b"get"
    assert server.call("COMMAND", "INFO", "Config|gEt")[0][0] == b"config|get"
    assert server.call("COMMAND", "DOCS", "CONFIG|GET")[0] == b"config|get"


def test_every_command_is_documented(server: Server, names: list[str]) -> None:
    docs = documented(server, names)
    assert sorted(docs) == names
    for name, fields in docs.items():
        assert re.fullmatch(r"[A-Z].*[^ ]\.", fields["summary"]), name
        assert re.fullmatch(r"\d+\.\d+\.\d+", fields["since"]), name
        assert fields["group"], name
        assert name in WITHOUT_COMPLEXITY or fields["complexity"], name


def test_documentation_agrees_with_the_peers(server: Server, peer: Server, names: list[str]) -> None:
    ours, theirs = documented(server, names), documented(peer, names)
    wrong = {}
    for name in sorted(ours.keys() & theirs.keys()):
        for field in ("since", "group", "doc_flags", "deprecated_since", "history"):
            value, expected = ours[name].get(field), theirs[name].get(field)
            if field == "history":
                value, expected = versions(value), versions(expected)
            expected = CHANGED_DOCS.get((name, field), expected)
            if value != expected:
                wrong[name, field] = (value, expected)
        assert ("replaced_by" in ours[name]) == ("deprecated_since" in ours[name]), name
    assert wrong == {}


def versions(history: list[list[str]] | None) -> list[str] | None:
    """Return the versions in a history; what is said about them is each server's own words."""
    return None if history is None else sorted(version for version, _ in history)


def test_argument_trees_agree_with_the_peers(server: Server, peer: Server, names: list[str]) -> None:
    ours, theirs = documented(server, names), documented(peer, names)
    wrong = {}
    for name in sorted(ours.keys() & theirs.keys()):
        value, expected = tree(ours[name].get("arguments", [])), tree(theirs[name].get("arguments", []))
        if name in RENAMED and value != expected:
            value, expected = without_names(value), without_names(expected)
        expected = RESHAPED.get(name, expected)
        if value != expected:
            wrong[name] = (value, expected)
    assert wrong == {}


def test_documentation_is_a_map_of_maps_in_resp3(server: Server) -> None:
    with server.connect(resp=3) as client:
        reply = client.call("COMMAND", "DOCS", "pfadd", "setnx", "config")
    assert list(reply) == [b"pfadd", b"setnx", b"config"]
    assert reply[b"setnx"][b"doc_flags"] == {b"deprecated"}
    assert reply[b"pfadd"][b"arguments"] == [
        {b"name": b"key", b"type": b"key", b"display_text": b"key", b"key_spec_index": 0},
        {
            b"name": b"element",
            b"type": b"string",
            b"display_text": b"element",
            b"flags": {b"optional", b"multiple"},
        },
    ]
    assert b"config|get" in reply[b"config"][b"subcommands"]


def test_a_command_asked_for_twice_is_documented_twice(server: Server) -> None:
    assert server.call("COMMAND", "DOCS", "get", "nope", "GET")[::2] == [b"get", b"get"]


LISTED = [
    ("FILTERBY", "ACLCAT", "hyperloglog"),
    ("FILTERBY", "ACLCAT", "BITMAP"),
    ("FILTERBY", "ACLCAT", "fast"),
    ("FILTERBY", "ACLCAT", "nope"),
    ("FILTERBY", "ACLCAT", "@fast"),
    ("FILTERBY", "MODULE", "nope"),
    ("FILTERBY", "PATTERN", "*get*"),
    ("filterby", "pattern", "Config|*"),
    ("FILTERBY", "PATTERN", "[^a-y]*"),
]


@pytest.mark.parametrize("filters", LISTED, ids=" ".join)
def test_list_filters(server: Server, peer: Server, names: list[str], filters: tuple[str, ...]) -> None:
    theirs = set(text(peer.call("COMMAND", "LIST", *filters)))
    known = set(all_names(peer))
    ours = set(text(server.call("COMMAND", "LIST", *filters)))
    assert ours & known == theirs & set(names)


REFUSED = [
    ("LIST", "nope"),
    ("LIST", "FILTERBY"),
    ("LIST", "FILTERBY", "PATTERN"),
    ("LIST", "FILTERBY", "NOPE", "x"),
    ("LIST", "FILTERBY", "PATTERN", "a", "FILTERBY", "PATTERN", "b"),
    ("COUNT", "x"),
    ("GETKEYS",),
]


@pytest.mark.parametrize("request_", REFUSED, ids=" ".join)
def test_refused_requests(server: Server, peer: Server, request_: tuple[str, ...]) -> None:
    reply = server.call("COMMAND", *request_)
    assert isinstance(reply, ErrorReply)
    assert reply == peer.call("COMMAND", *request_)


CALLS = [
    "get k",
    "GET k",
    "set k v",
    "set k v get",
    "set k v ex 10 GeT",
    "set k v nx foo",
    "setnx k v",
    "mget a b c",
    "mset a 1 b 2",
    "mset a 1 b",
    "msetnx a 1 b 2",
    "del a b",
    "rename a b",
    "copy a b db 2 replace",
    "lcs a b len",
    "object encoding k",
    "OBJECT ENCODING k",
    "memory usage k samples 5",
    "bitop and d a b c",
    "bitfield k get u8 0",
    "bitfield k get u8 0 set u8 0 1",
    "bitfield k overflow sat",
    "bitfield k overflow",
    "bitfield k get u8",
    "bitfield k nope",
    "bitfield_ro k get u8 0",
    "pfcount a b",
    "pfmerge d a b",
    "pfdebug getreg k",
    "exists a a",
    "set k",
    "mset a",
    "object help",
    "config get x",
    "config|get x",
    "nope x",
    "memory nope k",
    "get|x k",
    "swapdb 0 1",
    "scan 0",
    "zadd k 1 a",
    "zunion 2 a b weights 1 2",
    "zunion 3 a b",
    "zunion 0 a",
    "zunionstore d 2 a b",
    "zinterstore d x a b",
    "zmpop 2 a b min",
    "bzmpop 0 2 a b max",
    "bzpopmin a b 0",
    "zrangestore d s 0 1",
    "georadius k 1 2 3 m",
    "georadius k 1 2 3 m store d",
    "georadius k 1 2 3 m count 1 StoreDist d asc",
    "georadius k 1 2 3 m store a storedist b",
    "georadius k 1 2 3 m store store storedist",
    "georadiusbymember k m 3 km store d",
    "georadiusbymember k store 3 km",
    "geosearchstore d s frommember m byradius 1 m",
    "lpush k a b",
    "blpop a b 0",
    "blpop a",
    "lmove a b left right",
    "lmpop 2 a b left",
    "lmpop 3 a b left",
    "lmpop x a left",
    "blmpop 0 2 a b left count 1",
]


@pytest.mark.parametrize("subcommand", ["GETKEYS", "GETKEYSANDFLAGS"])
@pytest.mark.parametrize("call", CALLS)
def test_keys_of_a_full_command(server: Server, peer: Server, subcommand: str, call: str) -> None:
    for resp in (2, 3):
        with server.connect(resp=resp) as ours, peer.connect(resp=resp) as theirs:
            argv = ("COMMAND", subcommand, *call.split())
            assert ours.call_raw(*argv) == theirs.call_raw(*argv)


@pytest.mark.parametrize("call", [("get",), ("ping",), ("client",)])
def test_keys_of_a_command_without_arguments(server: Server, call: tuple[str, ...]) -> None:
    errors = {
        ("get",): b"ERR Invalid number of arguments specified for command",
        ("ping",): b"ERR The command has no key arguments",
        ("client",): b"ERR The command has no key arguments",
    }
    assert server.call("COMMAND", "GETKEYS", *call) == ErrorReply(errors[call])


def test_help_names_every_subcommand(server: Server) -> None:
    lines = text(server.call("COMMAND", "HELP"))
    assert all(isinstance(line, str) for line in lines)
    shown = {line.split()[0].lower() for line in lines[1:] if not line.startswith(" ")}
    assert {"count", "docs", "getkeys", "getkeysandflags", "info", "list", "help"} <= shown
