"""The same names, defaults and errors as a real server; every difference is listed here with its reason."""

import pytest

from pyrite.server.config import Config, ConfigSetError
from pyrite.server.config.options import BY_NAME

# The peer is any server from 7.0 to 7.4: what 7.4 has and it lacks, by version.
ADDED_IN_7_2 = {
    "cluster-announce-human-nodename",
    "locale-collate",
    "set-max-listpack-entries",
    "set-max-listpack-value",
}
OURS_ALONE = {"rdb-compatibility"}
ADDED_IN_7_4 = {
    "hide-user-data-from-log",
    "max-new-connections-per-cycle",
    "max-new-tls-connections-per-cycle",
    # Spelled with underscores before; those names are aliases now.
    "aof-rewrite-cpulist",
    "bgsave-cpulist",
    "bio-cpulist",
    "server-cpulist",
}
HIDDEN_SINCE_7_2 = {"aof-disable-auto-gc"}

# Defaults that differ: option, theirs (None for whatever it is), ours, and why.
DIFFERENT = {
    "port": (None, "6379", "the peer listens on a port of its own"),
    "bind": ("127.0.0.1", "* -::*", "the peer is started on loopback"),
    "dir": (None, None, "the peer runs in a directory of its own"),
    "save": ("", "3600 1 300 100 60 10000", "the peer is started so"),
    "enable-debug-command": ("yes", "no", "the peer is started so"),
}


@pytest.fixture(autouse=True)
def _in_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def theirs(start_peer):
    """What CONFIG GET * says at a real server."""
    words = decoded(start_peer().call("CONFIG", "GET", "*"))
    return dict(zip(words[::2], words[1::2], strict=True))


def test_names(theirs):
    ours = dict(Config().get(["*"]))
    assert set(theirs) - set(ours) <= HIDDEN_SINCE_7_2
    without_tls = {name for name in ours if name.startswith("tls-")} if "tls-port" not in theirs else set()
    assert set(ours) - set(theirs) - without_tls <= ADDED_IN_7_2 | ADDED_IN_7_4 | OURS_ALONE


def test_defaults(theirs):
    ours = dict(Config().get(["*"]))
    different = {name: (theirs[name], ours[name]) for name in set(theirs) & set(ours) if theirs[name] != ours[name]}
    assert set(different) == set(DIFFERENT)
    for name, (their_value, our_value, reason) in DIFFERENT.items():
        assert their_value in (None, theirs[name]), reason
        assert our_value in (None, ours[name]), reason


@pytest.mark.parametrize("name", sorted(name for name, option in BY_NAME.items() if option.alias == name))
def test_aliases_answer_with_the_option(name):
    config = Config()
    option = BY_NAME[name]
    assert config.get([name])[0][1] == config.get([option.name])[0][1]


# Arguments of CONFIG SET whose outcome must be the same here and there.
SETTINGS = [
    ("maxmemory", "1q"),
    ("maxmemory", "-1"),
    ("maxmemory", ""),
    ("maxmemory", "100MB"),
    ("maxmemory", "3k"),
    ("maxmemory", "18446744073709551615"),
    ("client-query-buffer-limit", "10"),
    ("client-query-buffer-limit", "9223372036854775808"),
    ("maxclients", "-1"),
    ("maxclients", "007"),
    ("timeout", "-1"),
    ("timeout", "2147483648"),
    ("timeout", "abc"),
    ("timeout", ""),
    ("timeout", " 1"),
    ("timeout", "+1"),
    ("timeout", "-0"),
    ("rdbcompression", "maybe"),
    ("rdbcompression", "NO"),
    ("maxmemory-policy", "foo"),
    ("maxmemory-policy", "ALLKEYS-lru"),
    ("shutdown-on-sigint", "now  nosave"),
    ("shutdown-on-sigint", "force now nosave default"),
    ("shutdown-on-sigint", "save nosave"),
    ("shutdown-on-sigint", ""),
    ("save", "60"),
    ("save", "60 -1"),
    ("save", "0 1"),
    ("save", "60  1"),
    ("save", ""),
    ("client-output-buffer-limit", "normal 1 2"),
    ("client-output-buffer-limit", "foo 1 2 3"),
    ("client-output-buffer-limit", "master 1 2 3"),
    ("client-output-buffer-limit", "normal 1 2 -3"),
    ("client-output-buffer-limit", "normal 1 x 3"),
    ("client-output-buffer-limit", "replica 1mb 2 3 NORMAL 4 5 6"),
    ("notify-keyspace-events", "KEq"),
    ("notify-keyspace-events", "EKng$"),
    ("notify-keyspace-events", "g$lshzxetdKEmn"),
    ("latency-tracking-info-percentiles", "50 abc"),
    ("latency-tracking-info-percentiles", "50 101"),
    ("latency-tracking-info-percentiles", "-1"),
    ("latency-tracking-info-percentiles", "50.123456789 99.90 100 0 1e1"),
    ("latency-tracking-info-percentiles", ""),
    ("latency-tracking-info-percentiles", "nan"),
    ("oom-score-adj-values", "1 2"),
    ("oom-score-adj-values", "1 2 30000"),
    ("oom-score-adj-values", "1 2 x"),
    ("port", "abc"),
    ("port", "65536"),
    ("dbfilename", "a/b"),
    ("dir", "/"),
    ("daemonize", "yes"),
    ("REPLICAOF", "a b"),
    ("NoSuch", "1"),
    ("maxmemory-clients", "101%"),
    ("maxmemory-clients", "-5"),
    ("maxmemory-clients", "abc"),
    ("maxmemory-clients", "%"),
    ("proc-title-template", "{foo}"),
    ("proc-title-template", ""),
    ("proc-title-template", "  "),
    ("proc-title-template", "{title"),
    ("proc-title-template", "{{title} {port} }"),
    ("cluster-announce-hostname", "a b"),
    ("cluster-announce-hostname", "a" * 256),
    ("unixsocketperm", "700"),
    ("hz", "1000"),
    ("hz", "0"),
    ("list-max-listpack-size", "-99999999999"),
    ("slave-PRIORITY", "-1"),
    ("slave-PRIORITY", "4"),
    ("slowlog-log-slower-than", "-5"),
    ("active-defrag-max-scan-fields", "-1"),
    ("set-max-intset-entries", "-1"),
    ("repl-backlog-size", "0"),
    ("requirepass", ""),
]


def ours(config, *pairs):
    try:
        config.set_many(pairs)
    except ConfigSetError as error:
        text = str(error)
        return text if text.startswith("LOADING") else f"ERR {text}"
    return "OK"


def test_outcomes_of_config_set(start_peer):
    peer = start_peer()
    config = like(peer)
    for name, value in SETTINGS:
        reply = peer.call("CONFIG", "SET", name, value)
        assert ours(config, (name, value)) == text_of(reply), (name, value)
        assert words_of(config.get([name])) == decoded(peer.call("CONFIG", "GET", name)), (name, value)


@pytest.mark.parametrize(
    "pairs",
    [
        [("maxmemory", "1"), ("maxmemory", "2")],
        [("maxmemory", "1"), ("MAXMEMORY", "2"), ("nosuch", "3")],
        [("nosuch", "3"), ("daemonize", "yes")],
        [("Daemonize", "yes"), ("nosuch", "3")],
        [("slave-priority", "1"), ("replica-priority", "2")],
        [("hz", "20"), ("timeout", "x"), ("maxclients", "y")],
    ],
)
def test_outcomes_of_several_settings(start_peer, pairs):
    peer = start_peer()
    config = like(peer)
    assert ours(config, *pairs) == text_of(peer.call("CONFIG", "SET", *words_of(pairs)))
    for name, _ in pairs:
        assert words_of(config.get([name])) == decoded(peer.call("CONFIG", "GET", name))


def like(peer):
    """Our configuration with what the peer was started with."""
    config = Config()
    config.assign("port", str(peer.port))
    config.assign("dir", str(peer.directory))
    config.assign("save", "")
    return config


def text_of(reply):
    return (getattr(reply, "text", None) or reply).decode()


def words_of(pairs):
    return [word for pair in pairs for word in pair]


def decoded(reply):
    return [word.decode() for word in reply]
