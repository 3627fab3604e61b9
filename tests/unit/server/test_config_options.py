"""The declarations, and each kind of value: what it takes, how it is shown, how it is written to a file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.server.config import ConfigError, option, special
from pyrite.server.config.options import BY_NAME, OPTIONS
from pyrite.server.config.text import decode, split_arguments

NAMES = [entry.name for entry in OPTIONS]


def parse(name, *arguments, current=None):
    entry = BY_NAME[name]
    return entry.parse(arguments, entry.default if current is None else current)


def shown(name, *arguments):
    return BY_NAME[name].format(parse(name, *arguments))


def reason(name, *arguments):
    with pytest.raises(ConfigError) as caught:
        parse(name, *arguments)
    return str(caught.value)


def written(entry, value):
    """The value that the lines of a file give back, read one after the other."""
    current = () if entry.accumulates else entry.default
    for group in entry.groups(value):
        for line in group.lines:
            arguments = [decode(argument) for argument in split_arguments(line)]
            current = entry.parse(entry.file_arguments(arguments), current)
    return current


# Declarations


def test_names_are_unique():
    aliases = [entry.alias for entry in OPTIONS if entry.alias]
    assert len(BY_NAME) == len(OPTIONS) + len(aliases)


@pytest.mark.parametrize("name", NAMES)
def test_declaration(name):
    entry = BY_NAME[name]
    assert name == name.lower()
    assert "_" not in name
    assert entry.doc.endswith(".")
    assert "\n" not in entry.doc
    if name not in ("dir", "replicaof"):  # whose defaults are wherever the process is, and what no text can say
        text = entry.format(entry.default)
        current = () if entry.accumulates else entry.default
        assert entry.parse(text.split(" ") if entry.takes_many else [text], current) == entry.default
        assert not any(group.changed for group in entry.groups(entry.default))
    entry.refuse_missing(entry.default)


@pytest.mark.parametrize("name", NAMES)
def test_a_feature_that_is_missing_can_be_switched_off_only(name):
    missing = BY_NAME[name].missing
    if missing is None or not missing.accepts:
        BY_NAME[name].refuse_missing(object.__new__(_Anything))
    else:
        assert BY_NAME[name].format(BY_NAME[name].default) in missing.accepts
        with pytest.raises(ConfigError, match="Pyrite has no "):
            BY_NAME[name].refuse_missing(SWITCHED_ON[name])


class _Anything:
    pass


# A value of each option that would switch on what isn't there.
SWITCHED_ON = {
    "socket-mark-id": 1,
    "io-threads": 2,
    "maxmemory-clients": -5,
    "supervised": "upstart",
    "server-cpulist": "0-3",
    "bio-cpulist": "0-3",
    "watchdog-period": 500,
    "syslog-enabled": True,
    "aclfile": "/etc/users.acl",
    "activedefrag": True,
    "replicaof": ("127.0.0.1", 6379),
    "min-replicas-to-write": 1,
    "cluster-enabled": True,
    "tls-port": 6380,
    "tls-replication": True,
    "tls-cluster": True,
}


# Kinds of value


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("YES", True), ("no", False), ("No", False)])
def test_boolean(text, value):
    assert parse("appendonly", text) is value
    assert shown("appendonly", text) == ("yes" if value else "no")


def test_boolean_refuses():
    for text in ("", "true", "1", "yes "):
        assert reason("appendonly", text) == "argument must be 'yes' or 'no'"


def test_integer():
    assert parse("port", "0") == 0
    assert parse("port", "65535") == 65535
    assert shown("slowlog-log-slower-than", "-1") == "-1"
    for text in ("65536", "-1", "9223372036854775807"):
        assert reason("port", text) == "argument must be between 0 and 65535 inclusive"
    for text in ("", "abc", "1mb", "007", "+1", "9223372036854775808"):
        assert reason("port", text) == "argument couldn't be parsed into an integer"
    assert reason("port", "1", "2") == reason("port") == "wrong number of arguments"


def test_hint_is_clamped():
    assert [parse("hz", text) for text in ("0", "1", "10", "500", "100000")] == [1, 1, 10, 500, 500]
    assert reason("hz", "-1") == "argument must be between 0 and 2147483647 inclusive"
    assert reason("maxmemory-samples", "65") == "argument must be between 1 and 64 inclusive"


def test_octal():
    assert parse("unixsocketperm", "770") == 0o770
    assert shown("unixsocketperm", "0770") == "770"
    assert reason("unixsocketperm", "1777") == "argument must be between 0 and 777 inclusive"
    for text in ("", "8", "0x10", "-7", "rwx", "7" * 1000):
        assert reason("unixsocketperm", text) == "argument couldn't be parsed as an octal number"


def test_memory():
    assert parse("maxmemory", "100mb") == 100 * 1024**2
    assert shown("maxmemory", "1k") == "1000"
    assert reason("maxmemory", "1q") == "argument must be a memory value"
    assert (
        reason("client-query-buffer-limit", "1k")
        == "argument must be between 1048576 and 9223372036854775807 inclusive"
    )
    assert BY_NAME["maxmemory"].groups(100 * 1024**2) == [option.Group("", [b"100mb"], True)]


def test_memory_or_percent():
    entry = BY_NAME["maxmemory-clients"]
    assert parse("maxmemory-clients", "1g") == 10**9
    assert parse("maxmemory-clients", "5%") == -5
    assert parse("maxmemory-clients", "0%") == 0
    assert shown("maxmemory-clients", "100%") == "100%"
    assert entry.groups(-5)[0].lines == [b"5%"]
    assert entry.groups(1024)[0].lines == [b"1kb"]
    assert reason("maxmemory-clients", "101%") == "percentage argument must be less or equal to 100"
    for text in ("-5", "-5%", "%", "x%", "5 %"):
        assert reason("maxmemory-clients", text) == "argument must be a memory or percent value"


def test_text():
    assert parse("logfile", "a b\n") == "a b\n"
    assert reason("logfile", "a\0b") == "argument must not contain NUL bytes"
    assert parse("requirepass", "\0\udcff") == "\0\udcff"
    assert BY_NAME["logfile"].groups("") == [option.Group("", [b'""'], False)]
    assert BY_NAME["pidfile"].groups("") == []


def test_enum():
    assert parse("maxmemory-policy", "AllKeys-LRU") == "allkeys-lru"
    assert shown("oom-score-adj", "relative") == "yes"
    assert reason("appendfsync", "sometimes") == "argument(s) must be one of the following: everysec, always, no"


def test_word_set():
    assert shown("shutdown-on-sigint", "FORCE", "now") == "now force"
    assert shown("shutdown-on-sigint", "default", "nosave") == "nosave"
    assert shown("shutdown-on-sigint", "default") == "default"
    wanted = "argument(s) must be one of the following: default, save, nosave, now, force"
    assert reason("shutdown-on-sigint") == reason("shutdown-on-sigint", "now", "") == wanted
    assert (
        reason("shutdown-on-sigint", "save", "nosave")
        == "shutdown options SAVE and NOSAVE can't be used simultaneously"
    )


def test_addresses():
    assert shown("bind", "127.0.0.1", "-::1") == "127.0.0.1 -::1"
    assert parse("bind", "") == ()
    assert BY_NAME["bind"].groups(())[0].lines == [b'""']
    assert BY_NAME["bind"].groups(("::1",))[0].lines == [b"::1"]
    assert BY_NAME["bind"].groups(('"',))[0].lines == [rb'"\"\\\"\""']
    assert reason("bind", *["::1"] * 17) == "Too many bind addresses specified."
    assert reason("bind", "a\0") == "argument must not contain NUL bytes"


def test_save_points():
    entry = BY_NAME["save"]
    points = parse("save", "3600", "1", "60", "10000", current=())
    assert points == ((3600, 1), (60, 10000))
    assert entry.format(points) == "3600 1 60 10000"
    assert parse("save", "5", "0", current=points) == (*points, (5, 0))
    assert parse("save", "", current=points) == ()
    for arguments in (("60",), ("0", "1"), ("60", "-1"), ("60", "x"), ("60", "", "1"), ("60", "1", "")):
        assert reason("save", *arguments) == "Invalid save parameters"


def test_buffer_limits():
    limits = parse("client-output-buffer-limit", "Slave", "1mb", "2", "3", "NORMAL", "4", "5", "6")
    assert limits == special.OutputLimits((4, 5, 6), (1048576, 2, 3), (33554432, 8388608, 60))
    text = BY_NAME["client-output-buffer-limit"].format(limits)
    assert text == "normal 4 5 6 slave 1048576 2 3 pubsub 33554432 8388608 60"
    assert parse("client-output-buffer-limit", "", current=limits) is limits
    groups = BY_NAME["client-output-buffer-limit"].groups(limits)
    assert [(group.key, group.lines, group.changed) for group in groups] == [
        ("normal", [b"normal 4 5 6"], True),
        ("replica", [b"replica 1mb 2 3"], True),
        ("pubsub", [b"pubsub 32mb 8mb 60"], False),
    ]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("normal", "1", "2"), "Wrong number of arguments in buffer limit configuration."),
        (("other", "1", "2", "3"), "Invalid client class specified in buffer limit configuration."),
        (("master", "1", "2", "3"), "Invalid client class specified in buffer limit configuration."),
        (("normal", "x", "2", "3"), "Error in hard, soft or soft_seconds setting in buffer limit configuration."),
        (("normal", "1", "-2", "3"), "Error in hard, soft or soft_seconds setting in buffer limit configuration."),
        (
            ("normal", "1", f"{2**64}", "3"),
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
        ),
        (("normal", "1", "2", "-3"), "Error in hard, soft or soft_seconds setting in buffer limit configuration."),
    ],
)
def test_buffer_limits_refuse(arguments, wanted):
    assert reason("client-output-buffer-limit", *arguments) == wanted


def test_oom_scores():
    assert parse("oom-score-adj-values", "-1", "0", "2000") == (-1, 0, 2000)
    assert reason("oom-score-adj-values", "1", "2") == "wrong number of arguments"
    wanted = "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
    assert reason("oom-score-adj-values", "1", "2", "2001") == reason("oom-score-adj-values", "1", "2", "x") == wanted


def test_keyspace_events():
    assert parse("notify-keyspace-events", "KA") == special.NOTIFY_KEYSPACE | special.NOTIFY_ALL
    assert shown("notify-keyspace-events", "g$lshzxetdKEm") == "AKEm"
    assert shown("notify-keyspace-events", "EKn$g") == "g$nKE"
    assert shown("notify-keyspace-events", "") == ""
    assert reason("notify-keyspace-events", "KEq") == "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."


def test_keyspace_events_in_a_file_keep_what_get_leaves_out():
    everything = parse("notify-keyspace-events", "AnKE")
    assert BY_NAME["notify-keyspace-events"].format(everything) == "AKE"
    assert BY_NAME["notify-keyspace-events"].groups(everything)[0].lines == [b"AnKE"]


def test_percentiles():
    name = "latency-tracking-info-percentiles"
    assert shown(name, "50.123456789", "99.90", "100", "0") == "50.123457 99.9 100 0"
    assert parse(name, "") == ()
    assert (
        reason(name, "101")
        == reason(name, "-0.1")
        == reason(name, "inf")
        == ("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
    )
    for text in ("x", "nan", "1_0", " 1", "50 99"):
        assert reason(name, text) == "Invalid latency-tracking-info-percentiles parameters"


def test_replicaof():
    assert parse("replicaof", "host", "6379") == ("host", 6379)
    assert parse("replicaof", "NO", "one") is None
    assert shown("replicaof", "host", "6379") == "host 6379"
    assert reason("replicaof", "host") == "wrong number of arguments"
    for port in ("abc", "65536", "-1", ""):
        assert reason("replicaof", "host", port) == "Invalid master port"


def test_file_names():
    assert reason("dbfilename", "a/b") == "dbfilename can't be a path, just a filename"
    assert reason("appendfilename", "") == "appendfilename can't be empty"
    assert reason("appendfilename", "a\\b") == "appendfilename can't be a path, just a filename"
    assert reason("appenddirname", "") == "appenddirname can't be empty"
    assert reason("appenddirname", "../x") == "appenddirname can't be a path, just a dirname"


@pytest.mark.parametrize("template", ["{title}:{port}", "{{literal}", "x", "{listen-addr}", "a } b"])
def test_title(template):
    assert parse("proc-title-template", template) == template


@pytest.mark.parametrize("template", ["", "  ", "{title}", "{", "{title", "{other}", "{}", "{Title} x"])
def test_title_refuses(template):
    assert reason("proc-title-template", template) == "template format is invalid or contains unknown variables"


def test_cluster_names():
    assert parse("cluster-announce-hostname", "a-1.example") == "a-1.example"
    assert (
        reason("cluster-announce-hostname", "a b")
        == "Hostnames may only contain alphanumeric characters, hyphens or dots"
    )
    assert reason("cluster-announce-hostname", "a" * 256) == "Hostnames must be less than 256 characters"
    assert parse("cluster-announce-human-nodename", "node-1_a") == "node-1_a"
    for text in ("a*b", "a b", "a,b", "a\nb"):
        wanted = "Announced human node name contained invalid character"
        assert reason("cluster-announce-human-nodename", text) == wanted


# Properties

texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["yes", "no", "0", "1", "100mb", "5%", "normal 1 2 3", "60 1", "KEA", "default", "-1", "127.0.0.1"]
    ),
)


@given(st.sampled_from(OPTIONS), st.lists(texts, max_size=5))
def test_whatever_is_taken_is_shown_written_and_read_again(entry, arguments):
    try:
        value = entry.parse(arguments, entry.default)
    except ConfigError:
        return
    assert isinstance(entry.format(value), str)
    groups = entry.groups(value)
    for group in groups:
        assert all(b"\n" not in line and b"\r" not in line for line in group.lines)
    if groups and not isinstance(entry, special.Percentiles):  # which keep six digits
        assert written(entry, value) == value
    if not groups:
        assert value in ("", None)
