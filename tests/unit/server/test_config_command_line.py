"""The command line, as lines of a configuration file."""

import pytest

from pyrite.server.config import ConfigError, parse_command_line, usage
from pyrite.server.config.command_line import Invocation


def lines(*arguments):
    invocation = parse_command_line(arguments)
    assert invocation.action == "run"
    return list(invocation.lines)


def test_nothing():
    assert parse_command_line([]) == Invocation("run")


@pytest.mark.parametrize("word", ["-v", "--version"])
def test_version(word):
    assert parse_command_line([word, "--port", "1"]).action == "version"


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help(word):
    assert parse_command_line([word]).action == "help"
    assert "--port 6380" in usage("pyrite-server")


@pytest.mark.parametrize("word", ["--test-memory", "--check-system"])
def test_unsupported(word):
    with pytest.raises(ConfigError, match="is not supported"):
        parse_command_line([word, "100"])


def test_file():
    assert parse_command_line(["a.conf"]) == Invocation("run", "a.conf")
    assert parse_command_line(["a.conf", "--port", "1"]) == Invocation("run", "a.conf", lines=(b'port "1"',))


@pytest.mark.parametrize(
    "arguments", [["-"], ["-", "--port", "1"], ["--port", "1", "-"], ["a.conf", "-"], ["a.conf", "--port", "1", "-"]]
)
def test_standard_input(arguments):
    invocation = parse_command_line(arguments)
    assert invocation.stdin
    assert invocation.file == ("a.conf" if "a.conf" in arguments else None)
    assert list(invocation.lines) == ([b'port "1"'] if "--port" in arguments else [])


def test_a_hyphen_elsewhere_is_a_value():
    invocation = parse_command_line(["--requirepass", "-", "--port", "1"])
    assert not invocation.stdin
    assert list(invocation.lines) == [b'requirepass "-"', b'port "1"']


def test_several_values():
    assert lines("--port", "6380", "--bind", "127.0.0.1", "::1") == [b'port "6380"', b'bind "127.0.0.1" "::1"']


def test_name_and_value_in_one_argument():
    assert lines("--port 6380", "--save '60 1'", "--port", "1") == [b"port 6380", b"save '60 1'", b'port "1"']


def test_a_value_that_begins_with_hyphens():
    assert lines("--logfile", "--my--log", "--port", "1") == [b'logfile "--my--log"', b'port "1"']
    assert lines("--port", "--loglevel", "verbose") == [b'port "--loglevel" "verbose"']
    assert lines("--proc-title-template --a", "--port 1") == [b"proc-title-template --a", b"port 1"]
    assert lines("--logfile", "--save", "--save", "") == [b'logfile "--save"', b'save ""']


def test_a_name_without_value():
    assert lines("--port") == [b"port"]
    assert lines("--port", "1", "--loglevel") == [b'port "1"', b"loglevel"]


@pytest.mark.parametrize("arguments", [["--save"], ["--save", ""], ["--SAVE"]])
def test_no_save_points(arguments):
    wanted = arguments[0][2:].encode() + b' ""'
    assert lines(*arguments) == [wanted]
    assert lines(*arguments, "--port", "1") == [wanted, b'port "1"']
    assert lines("--port", "1", *arguments) == [b'port "1"', wanted]


def test_values_before_any_name_are_a_line():
    assert parse_command_line(["a.conf", "loglevel", "verbose", "--port", "1"]).lines == (
        b'"loglevel" "verbose"',
        b'port "1"',
    )


def test_values_cannot_add_lines():
    assert lines("--logfile", "a\nport 1", "b\udcff") == [rb'logfile "a\nport 1" "b\xff"']
