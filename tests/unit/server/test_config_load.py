"""Files, includes, standard input, and the report of a wrong line."""

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.server.config import Config, ConfigFileError, load, parse_command_line
from pyrite.server.config.errors import ConfigSystemError
from pyrite.server.config.load import MAX_FILE_BYTES, MAX_FILES, Loader

STOCK = """\
# What a distribution's file looks like: mostly defaults, all of them spelled out.
bind 127.0.0.1 -::1
protected-mode yes
port 6379
tcp-backlog 511
timeout 0
tcp-keepalive 300
daemonize yes
supervised systemd
pidfile {dir}/server.pid
loglevel notice
logfile {dir}/server.log
databases 16
always-show-logo no
set-proc-title yes
proc-title-template "{{title}} {{listen-addr}} {{server-mode}}"
locale-collate ""
stop-writes-on-bgsave-error yes
rdbcompression yes
rdbchecksum yes
dbfilename dump.rdb
rdb-del-sync-files no
dir {dir}
replica-serve-stale-data yes
replica-read-only yes
repl-diskless-sync yes
repl-diskless-sync-delay 5
repl-diskless-load disabled
replica-priority 100
acllog-max-len 128
# requirepass foobared
# maxclients 10000
lazyfree-lazy-eviction no
oom-score-adj no
oom-score-adj-values 0 200 800
disable-thp yes
appendonly no
appendfilename "appendonly.aof"
appenddirname "appendonlydir"
appendfsync everysec
auto-aof-rewrite-min-size 64mb
slowlog-log-slower-than 10000
latency-monitor-threshold 0
notify-keyspace-events ""
hash-max-listpack-entries 512
list-max-listpack-size -2
hll-sparse-max-bytes 3000
activerehashing yes
client-output-buffer-limit normal 0 0 0
client-output-buffer-limit replica 256mb 64mb 60
client-output-buffer-limit pubsub 32mb 8mb 60
hz 10
dynamic-hz yes
jemalloc-bg-thread yes
"""


@pytest.fixture(autouse=True)
def _in_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(text, *arguments, stdin=None, is_command=None):
    """A configuration from the text of a file and the arguments after the file's name."""
    with open("test.conf", "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    config = Config()
    invocation = parse_command_line(["test.conf", *arguments])
    load(config, invocation, stdin=stdin and io.BytesIO(stdin), is_command=is_command)
    return config


def error(text, *arguments, **options):
    with pytest.raises(ConfigFileError) as caught:
        read(text, *arguments, **options)
    return caught.value


def test_no_file_and_no_arguments():
    config = Config()
    load(config, parse_command_line([]))
    assert config.path is None
    assert config.get(["*"]) == Config().get(["*"])


def test_the_file_of_a_distribution(tmp_path):
    config = read(STOCK.format(dir=tmp_path))
    assert config.bind == ("127.0.0.1", "-::1")
    assert config.daemonize
    assert config.pidfile == f"{tmp_path}/server.pid"
    assert (tmp_path / "server.log").exists()
    assert config.notices() == config.warnings == []
    assert config.path == f"{tmp_path}/test.conf"


def test_lines():
    config = read('\n  # a comment\r\n\tPORT\t7000 \r\nLogFile "a b.log"\n\nmaxmemory 1GB\nmaxmemory 2gb')
    assert (config.port, config.logfile, config.maxmemory) == (7000, "a b.log", 2 * 1024**3)


def test_many_arguments_in_one_quoted_string():
    config = read('shutdown-on-sigint "nosave now"\nbind "127.0.0.1 ::1"\noom-score-adj-values "1 2 3"')
    assert config.shutdown_on_sigint == ("nosave", "now")
    assert config.bind == ("127.0.0.1", "::1")
    assert config.oom_score_adj_values == (1, 2, 3)


def test_repeated_limits_add_up():
    config = read("client-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit slave 4 5 6")
    limits = config.client_output_buffer_limit
    assert (limits.normal, limits.replica, limits.pubsub) == ((1, 2, 3), (4, 5, 6), (33554432, 8388608, 60))


def test_repeated_save_points_add_up():
    assert read("").save == ((3600, 1), (300, 100), (60, 10000))
    assert read("save 60 1\nsave 30 2 10 3", "--save", "5", "4").save == ((60, 1), (30, 2), (10, 3), (5, 4))
    assert read("save 60 1", "--save", "").save == ()
    assert read("save '60 1'\nsave ''\nsave 1 1").save == ((1, 1),)


def test_order_is_file_input_arguments():
    config = read("port 1\ntimeout 1\nhz 1", "--hz", "3", "-", stdin=b"timeout 2\nhz 2\n")
    assert (config.port, config.timeout, config.hz) == (1, 2, 3)


def test_standard_input_is_read_only_when_asked_for():
    assert read("port 1", stdin=b"port 2").port == 1


def test_obsolete_options_are_named():
    config = read("list-max-ziplist-entries 512\nlua-replicate-commands yes\n")
    assert config.warnings == [
        "Option 'list-max-ziplist-entries' is obsolete and has no effect",
        "Option 'lua-replicate-commands' is obsolete and has no effect",
    ]


def test_bytes_that_are_not_utf8_and_escapes():
    assert read(b'requirepass "\\x00\\xff\xc3\xa9"').requirepass == "\0\udcff\u00e9"


def test_dir_matters_to_what_follows(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "more.conf").write_text("port 7001\n")
    config = read("dir data\ninclude more.conf\nlogfile x.log\n")
    assert config.port == 7001
    assert config.dir == os.getcwd() == str(tmp_path / "data")
    assert (tmp_path / "data" / "x.log").exists()
    assert config.path == str(tmp_path / "test.conf")


# Includes


def test_include(tmp_path):
    (tmp_path / "one.conf").write_text("port 1\ntimeout 1\n")
    config = read("port 2\ninclude one.conf\ntimeout 2\n")
    assert (config.port, config.timeout) == (1, 2)


def test_include_by_pattern(tmp_path):
    (tmp_path / "conf.d").mkdir()
    for name, port in (("b", 2), ("a", 1), ("c", 3)):
        (tmp_path / "conf.d" / f"{name}.conf").write_text(f"port {port}\n")
    assert read("include conf.d/[ab].conf").port == 2
    assert read("include conf.d/*.conf").port == 3
    assert read("port 9\ninclude conf.d/*.nothing").port == 9


def test_include_of_nothing():
    wrong = error("port 1\ninclude none.conf")
    assert str(wrong) == "Fatal error, can't open config file 'none.conf': No such file or directory"
    assert (wrong.line_number, wrong.line) == (2, "include none.conf")


def test_include_reports_the_inner_place(tmp_path):
    (tmp_path / "one.conf").write_text("\nport x\n")
    wrong = error("include one.conf")
    assert (wrong.source, wrong.line_number, wrong.line) == ("one.conf", 2, "port x")


def test_include_of_itself_ends():
    assert "include each other" in str(error("include test.conf"))


def test_includes_that_double_end(tmp_path):
    for level in range(12):
        (tmp_path / f"{level}.conf").write_text(f"include {level + 1}.conf\n" * 2)
    (tmp_path / "12.conf").write_text("port 1\n")
    assert f"more than {MAX_FILES} configuration files" in str(error("include 0.conf"))


def test_file_that_is_too_large():
    with open("huge.conf", "wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert "is larger than 16 megabytes" in str(error("include huge.conf"))
    assert "is larger than 16 megabytes" in str(error("include /dev/zero"))


# Commands under other names


def test_rename_command():
    config = read(
        'rename-command FLUSHALL ""\nrename-command GET fetch\nrename-command fetch Obtain\nrename-command set set',
        is_command={"flushall", "get", "set"}.__contains__,
    )
    assert config.renamed_commands == {"flushall": "", "get": "obtain", "set": "set"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rename-command nosuch x", "No such command in rename-command"),
        ("rename-command get ''\nrename-command get x", "No such command in rename-command"),
        ("rename-command get x\nrename-command get y", "No such command in rename-command"),
        ("rename-command get set", "Target command name already exists"),
        ("rename-command get x\nrename-command set x", "Target command name already exists"),
        ("rename-command get", "Bad directive or wrong number of arguments"),
    ],
)
def test_rename_command_refuses(text, reason):
    assert str(error(text, is_command={"get", "set"}.__contains__)) == reason


def test_a_name_given_up_can_be_taken():
    config = read("rename-command get x\nrename-command set get", is_command={"get", "set"}.__contains__)
    assert config.renamed_commands == {"get": "x", "set": "get"}


# Wrong lines


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nosuch 1", "Bad directive or wrong number of arguments"),
        ("include", "Bad directive or wrong number of arguments"),
        ("list-max-ziplist-entries", "Bad directive or wrong number of arguments"),
        ('logfile "a', "Unbalanced quotes in configuration line"),
        ("bind '\"a'", "Unbalanced quotes in configuration line"),
        ("port", "wrong number of arguments"),
        ("port 1 2", "wrong number of arguments"),
        ("maxmemory 1q", "argument must be a memory value"),
        ("port 65536", "argument must be between 0 and 65535 inclusive"),
        ("shutdown-on-sigint", "argument(s) must be one of the following: default, save, nosave, now, force"),
        ("cluster-enabled yes", "Pyrite has no cluster mode yet: only 'no' can be set"),
        ("save 3600 0 1", "Invalid save parameters"),
        ("replicaof 127.0.0.1 6379", "Pyrite has no replication yet: only '' can be set"),
        ("slaveof 127.0.0.1 abc", "Invalid master port"),
        ("user alice on", "user: Pyrite has no access control lists yet; requirepass sets a password"),
        ("loadmodule x.so", "loadmodule: Pyrite has no modules yet"),
        ("sentinel monitor a 127.0.0.1 1 2", "sentinel: Pyrite has no Sentinel yet"),
        ("search.timeout 5", "'search.timeout' is an option of a module, and Pyrite has no modules yet"),
        ("locale-collate xx_YY", "Invalid locale name"),
    ],
)
def test_wrong_line(line, reason, tmp_path):
    wrong = error(f"# first\nport 1\n  {line}\nport 2\n")
    assert str(wrong) == reason
    assert (wrong.source, wrong.line_number, wrong.line) == (str(tmp_path / "test.conf"), 3, line)


def test_report(tmp_path):
    assert error("\n\nmaxmemory 1q\n").report("0.1.0") == (
        "\n*** FATAL CONFIG FILE ERROR (Pyrite 0.1.0) ***\n"
        f"Reading the configuration file, at line 3 (of {tmp_path}/test.conf)\n"
        ">>> 'maxmemory 1q'\n"
        "argument must be a memory value\n"
    )


def test_report_of_standard_input():
    text = error("", "-", stdin=b"\nport x").report("0.1.0")
    assert "at line 2 (of standard input)\n>>> 'port x'\n" in text


@pytest.mark.parametrize(
    ("arguments", "line", "reason"),
    [
        (["--invalid"], "invalid", "Bad directive or wrong number of arguments"),
        (["--port"], "port", "wrong number of arguments"),
        (["--port", "6379", "6380"], 'port "6379" "6380"', "wrong number of arguments"),
        (["--port", "--loglevel", "verbose"], 'port "--loglevel" "verbose"', "wrong number of arguments"),
        (["--port", "--bla", "--loglevel", "verbose"], 'port "--bla"', "argument couldn't be parsed into an integer"),
        (["--replicaof", "127.0.0.1", "abc"], 'replicaof "127.0.0.1" "abc"', "Invalid master port"),
        (["--replicaof", "--127.0.0.1", "--abc"], 'replicaof "--127.0.0.1"', "wrong number of arguments"),
        (["--sentinel"], "sentinel", "sentinel: Pyrite has no Sentinel yet"),
    ],
)
def test_report_of_the_command_line(arguments, line, reason):
    text = error("", *arguments).report("0.1.0")
    assert text.endswith(f"***\nReading the command line\n>>> '{line}'\n{reason}\n")


@pytest.mark.parametrize(
    "line", ["requirepass s3cret x", "RequirePass\ts3cret x", '"requirepass" s3cret x', 'masterauth "s3cret']
)
def test_report_keeps_secrets(line):
    text = error(line).report("0.1.0")
    assert "s3cret" not in text
    assert "(redacted)'" in text


def test_report_is_harmless_to_a_terminal():
    wrong = error(b"nosuch \x1b[2J\xff\x07 '\xc3\xa9'")
    assert wrong.report("0.1.0").splitlines()[-2] == ">>> 'nosuch \\x1b[2J\\xff\\x07 '\u00e9''"
    for name in (b'"a.b\\n\\x07\xff"', b'include "/no\\n\\x07\xff"'):
        report = error(name).report("0.1.0")
        assert "\\n\\x07\\xff" in report.splitlines()[-1]
        assert len(report.splitlines()) == 5


def test_file_that_is_not_there():
    config = Config()
    with pytest.raises(ConfigFileError) as caught:
        load(config, parse_command_line(["/no/such.conf"]))
    assert caught.value.source is None
    assert str(caught.value) == "Fatal error, can't open config file '/no/such.conf': No such file or directory"


def test_file_that_is_a_directory_or_no_name():
    assert "Is a directory" in str(error("include /"))
    assert "null byte" in str(error('include "a\\x00"'))


@pytest.mark.parametrize(
    ("line", "report"),
    [
        ("logfile /no/such/x.log", "Can't open the log file /no/such/x.log: No such file or directory"),
        ("dir /no/such", "Can't change to the directory /no/such: No such file or directory (the command line)"),
    ],
)
def test_what_the_system_refuses_takes_one_line(line, report):
    with pytest.raises(ConfigSystemError) as caught:
        load(Config(), parse_command_line([f"--{line}"]))
    assert caught.value.report() == report


def test_what_the_system_refuses_names_the_line_of_the_innermost_file(tmp_path):
    inner = tmp_path / "inner.conf"
    inner.write_text("# first\ndir /no/such\n")
    outer = tmp_path / "outer.conf"
    outer.write_text(f"include {inner}\n")
    with pytest.raises(ConfigSystemError) as caught:
        load(Config(), parse_command_line([str(outer)]))
    assert caught.value.place == f"line 2 of {inner}"


# Anything at all


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_place(data):
    loader = Loader(Config())
    lines = [line for line in data.split(b"\n") if not line.lower().lstrip().startswith((b"dir", b"include"))]
    wrong = None
    try:
        loader.read_lines(lines, "here")
    except ConfigFileError as caught:
        wrong = caught
    if wrong is not None:
        assert 1 <= wrong.line_number <= len(lines)
        assert wrong.report("0").count("\n") == 5
