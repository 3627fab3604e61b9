"""Configuration files as a process reads them: what they set, what stops the start, what a rewrite leaves."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pyrite import __version__
from tests.integration.processes import run
from tests.support import Server, pyrite_program, start_server

BANNER = f"\n*** FATAL CONFIG FILE ERROR (Pyrite {__version__}) ***\n"

# A file as a distribution installs it: defaults spelled out, features of later versions of Pyrite at rest.
STOCK = """\
# The server's own.
bind 127.0.0.1 -::1
protected-mode yes
tcp-backlog 511
unixsocket {dir}/stock.sock
unixsocketperm 700
timeout 0
tcp-keepalive 300
daemonize no
pidfile {dir}/stock.pid
loglevel notice
logfile ""
databases 16
always-show-logo no
set-proc-title yes
proc-title-template "{{title}} {{listen-addr}} {{server-mode}}"
locale-collate ""

save ""
stop-writes-on-bgsave-error yes
rdbcompression yes
rdbchecksum yes
dbfilename dump.rdb
rdb-del-sync-files no
dir ./

replica-serve-stale-data yes
replica-read-only yes
repl-diskless-sync yes
repl-diskless-sync-delay 5
repl-diskless-sync-max-replicas 0
repl-diskless-load disabled
repl-disable-tcp-nodelay no
replica-priority 100
acllog-max-len 128

lazyfree-lazy-eviction no
lazyfree-lazy-expire no
lazyfree-lazy-server-del no
replica-lazy-flush no
lazyfree-lazy-user-del no
lazyfree-lazy-user-flush no
oom-score-adj no
oom-score-adj-values 0 200 800
disable-thp yes

appendonly no
appendfilename "appendonly.aof"
appenddirname "appendonlydir"
appendfsync everysec
no-appendfsync-on-rewrite no
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 64mb
aof-load-truncated yes
aof-use-rdb-preamble yes
aof-timestamp-enabled no

slowlog-log-slower-than 10000
slowlog-max-len 128
latency-monitor-threshold 0
notify-keyspace-events ""
hash-max-listpack-entries 512
hash-max-listpack-value 64
list-max-listpack-size -2
list-compress-depth 0
set-max-intset-entries 512
set-max-listpack-entries 128
set-max-listpack-value 64
zset-max-listpack-entries 128
zset-max-listpack-value 64
hll-sparse-max-bytes 3000
stream-node-max-bytes 4096
stream-node-max-entries 100
activerehashing yes
client-output-buffer-limit normal 0 0 0
client-output-buffer-limit replica 256mb 64mb 60
client-output-buffer-limit pubsub 32mb 8mb 60
hz 10
dynamic-hz yes
aof-rewrite-incremental-fsync yes
rdb-save-incremental-fsync yes
jemalloc-bg-thread yes
"""


def config_of(server: Server, name: str) -> bytes:
    return server.call("CONFIG", "GET", name)[1]


def refused(directory: Path, text: str, *arguments: str) -> str:
    """What a start with this file is refused with, on standard error."""
    (directory / "wrong.conf").write_text(text)
    outcome = run(directory, "wrong.conf", *arguments)
    assert (outcome.status, outcome.out) == (1, "")
    return outcome.err


def test_a_file_of_a_distribution(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    server = start_pyrite(conf=STOCK.format(dir=tmp_path))
    assert server.call("PING") == b"PONG"
    assert (tmp_path / "stock.pid").read_text() == f"{server.pid}\n"
    assert (tmp_path / "stock.sock").stat().st_mode & 0o777 == 0o700
    assert server.call("INFO", "server").splitlines().count(f"config_file:{server.directory}/test.conf".encode()) == 1


def test_syntax(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    (tmp_path / "more.conf").write_text("slowlog-max-len 7\n")
    (tmp_path / "b.inc").write_text("hz 22\n")
    (tmp_path / "a.inc").write_text("hz 11\n")
    text = f"""
    # spaces, tabs, capitals, quotes, escapes, units
       TIMEOUT \t 9
    requirepass "a \\x41 \\"b\\""
    proc-title-template '{{title}} it\\'s'
    maxmemory 1gb
    maxmemory 2MB
    client-output-buffer-limit normal 1mb 512k 10
    client-output-buffer-limit pubsub 2m 1m 20
    include {tmp_path}/more.conf
    include {tmp_path}/*.inc
    """
    server = start_pyrite(conf=text.replace("\n", "\r\n"), password='a A "b"')
    assert config_of(server, "timeout") == b"9"
    assert config_of(server, "requirepass") == b'a A "b"'
    assert config_of(server, "proc-title-template") == b"{title} it's"
    assert config_of(server, "maxmemory") == b"2097152"
    assert config_of(server, "client-output-buffer-limit") == (
        b"normal 1048576 512000 10 slave 268435456 67108864 60 pubsub 2000000 1000000 20"
    )
    assert config_of(server, "slowlog-max-len") == b"7"
    assert config_of(server, "hz") == b"22"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nosuch 1", "Bad directive or wrong number of arguments"),
        ("port", "wrong number of arguments"),
        ("port 65536", "argument must be between 0 and 65535 inclusive"),
        ("port 1 2", "wrong number of arguments"),
        ("daemonize maybe", "argument must be 'yes' or 'no'"),
        ("maxmemory 12 parsecs", "wrong number of arguments"),
        ('dir "unbalanced', "Unbalanced quotes in configuration line"),
        ("loadmodule /x.so", "loadmodule: Pyrite has no modules yet"),
        (
            "include /no/such/file.conf",
            "Fatal error, can't open config file '/no/such/file.conf': No such file or directory",
        ),
    ],
)
def test_a_wrong_line(line: str, reason: str, tmp_path: Path) -> None:
    said = refused(tmp_path, f"timeout 1\n\n  {line}\nhz 20\n")
    place = f"Reading the configuration file, at line 3 (of {tmp_path}/wrong.conf)"
    assert said == f"{BANNER}{place}\n>>> '{line}'\n{reason}\n"


def test_a_wrong_line_of_an_included_file(tmp_path: Path) -> None:
    (tmp_path / "inner.conf").write_text("\nport x\n")
    said = refused(tmp_path, f"include {tmp_path}/inner.conf\n")
    assert f"\nReading the configuration file, at line 2 (of {tmp_path}/inner.conf)\n>>> 'port x'\n" in said


def test_a_wrong_line_of_standard_input(tmp_path: Path) -> None:
    outcome = run(tmp_path, "-", stdin=b"timeout 1\nport x\n")
    assert outcome.status == 1
    assert "\nReading the configuration file, at line 2 (of standard input)\n>>> 'port x'\n" in outcome.err


def test_a_wrong_option_of_the_command_line(tmp_path: Path) -> None:
    outcome = run(tmp_path, "--port", "1", "--nosuch", "x")
    assert outcome.status == 1
    assert (
        outcome.err
        == f"{BANNER}Reading the command line\n>>> 'nosuch \"x\"'\nBad directive or wrong number of arguments\n"
    )


def test_a_directory_that_is_missing_takes_one_line(tmp_path: Path) -> None:
    assert refused(tmp_path, "timeout 1\ndir /no/such\n") == (
        "pyrite-server: Can't change to the directory /no/such: No such file or directory "
        f"(line 2 of {tmp_path}/wrong.conf)\n"
    )


def test_passwords_stay_secret(tmp_path: Path) -> None:
    said = refused(tmp_path, "requirepass s3cret and more\n")
    assert ">>> 'requirepass (redacted)'\n" in said
    assert "s3cret" not in said


@pytest.mark.parametrize("line", ["cluster-enabled yes", "replicaof 127.0.0.1 1", "io-threads 4"])
def test_what_would_promise_something_untrue(line: str, tmp_path: Path) -> None:
    said = refused(tmp_path, f"{line}\n")
    assert f">>> '{line}'\n" in said
    assert "Pyrite has no" in said.splitlines()[-1]


@pytest.mark.parametrize("seed", range(5))
def test_a_file_of_anything_at_all(seed: int, tmp_path: Path) -> None:
    check_refusal_of_garbage(random.Random(seed).randbytes(100_000), tmp_path)


@pytest.mark.parametrize("line", [b"a.\0\x1b[2J\xff b", b'"a.\\n\\x07"', b'include "/no\\n\\x07"', b'dir "/\\x07\\n"'])
def test_a_reason_that_quotes_garbage(line: bytes, tmp_path: Path) -> None:
    check_refusal_of_garbage(line, tmp_path)


def check_refusal_of_garbage(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "wrong.conf").write_bytes(content)
    outcome = run(tmp_path, "wrong.conf")
    assert outcome.status == 1
    assert outcome.err.startswith((BANNER, "pyrite-server: "))
    assert "Traceback" not in outcome.err
    assert outcome.err.replace("\n", "").isprintable()


def test_a_rewritten_file_starts_the_server_again(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    conf = "# kept\nmaxmemory 1mb\n\n# kept too\ntimeout 3\n"
    server = start_pyrite(conf=conf)
    assert server.call("CONFIG", "SET", "maxmemory", "5mb", "requirepass", 'a "b" c') == b"OK"
    assert server.call("CONFIG", "REWRITE") == b"OK"
    assert server.stop() == 0
    path = server.directory / "test.conf"
    text = path.read_text()
    assert text.startswith("# kept\nmaxmemory 5mb\n\n# kept too\ntimeout 3\n")
    again = start_server(pyrite_program(), tmp_path / "again", conf=text, password='a "b" c')
    try:
        assert config_of(again, "maxmemory") == b"5242880"
        assert config_of(again, "timeout") == b"3"
    finally:
        assert again.stop() == 0
