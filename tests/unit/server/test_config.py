"""Config: typed values, CONFIG GET, CONFIG SET and what follows a change."""

import locale
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.server.config import Config, ConfigError, ConfigLoadingError, ConfigSetError
from pyrite.server.config.option import HIDDEN, IMMUTABLE, PROTECTED
from pyrite.server.config.options import BY_NAME, OPTIONS


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Config()


def reply(config, *pairs, **options):
    """The text with which a CONFIG SET fails."""
    with pytest.raises(ConfigSetError) as caught:
        config.set_many(pairs, **options)
    return str(caught.value)


def failed(name, reason):
    return f"CONFIG SET failed (possibly related to argument '{name}') - {reason}"


# Values


def test_values_are_attributes(config):
    assert (config.port, config.protected_mode, config.maxmemory_policy) == (6379, True, "noeviction")
    assert config.bind == ("*", "-::*")
    assert config.client_output_buffer_limit.pubsub.hard_bytes == 32 * 1024**2
    assert config.dir == os.getcwd()


def test_values_are_set_in_one_way_only(config):
    with pytest.raises(AttributeError, match="port is an option"):
        config.port = 1
    assert Config.port.name == "port"


def test_assign_overrides_flags_but_not_what_is_missing(config):
    config.assign("databases", "4")
    assert config.databases == 4
    with pytest.raises(ConfigError, match=r"^Pyrite has no cluster mode yet: only 'no' can be set$"):
        config.assign("cluster-enabled", "yes")


# CONFIG GET


def test_get_by_name_answers_as_asked(config):
    assert config.get(["MaxMemory"]) == [("MaxMemory", "0")]
    assert config.get(["MaxMemory", "maxmemory", "nosuch", ""]) == [("MaxMemory", "0")]


def test_get_by_pattern(config):
    names = [name for name, _ in config.get(["maxmemory*"])]
    assert names == [
        "maxmemory",
        "maxmemory-clients",
        "maxmemory-eviction-tenacity",
        "maxmemory-policy",
        "maxmemory-samples",
    ]
    assert config.get(["MAX[^c-z]lients"]) == []
    assert config.get(["?IND"]) == [("bind", "* -::*")]
    assert dict(config.get(["*of", "bind"])) == {"replicaof": "", "slaveof": "", "bind": "* -::*"}
    assert config.get(["port", "por*"]) == [("port", "6379")]


def test_get_everything_but_hidden_options(config):
    everything = dict(config.get(["*"]))
    hidden = {entry.name for entry in OPTIONS if entry.flags & HIDDEN}
    assert set(everything) == set(BY_NAME) - hidden
    assert dict(config.get(hidden)).keys() == hidden
    assert everything["client-output-buffer-limit"] == (
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
    )
    assert everything["proto-max-bulk-len"] == "536870912"


def test_get_with_hostile_patterns(config):
    assert config.get(["*a" * 5000 + "[", "\\", "[", "\udcff*", "*\0*"]) == []


# CONFIG SET


def test_set(config):
    assert config.set_many([("maxmemory", "1gb"), ("MAXMEMORY-POLICY", "allkeys-lfu"), ("timeout", "0")]) == [
        "maxmemory",
        "maxmemory-policy",
    ]
    assert (config.maxmemory, config.maxmemory_policy) == (1024**3, "allkeys-lfu")


def test_set_by_alias(config):
    assert config.set_many([("hash-max-ziplist-entries", "7")]) == ["hash-max-listpack-entries"]
    assert config.hash_max_listpack_entries == 7
    config.set_many([("slave-priority", "1"), ("replica-priority", "2")])
    assert config.replica_priority == 2
    assert reply(config, ("Slave-Priority", "x")) == failed(
        "slave-priority", "argument couldn't be parsed into an integer"
    )


def test_set_many_arguments_in_one(config):
    config.set_many([("shutdown-on-sigterm", "now nosave"), ("bind", "127.0.0.1 ::1")])
    assert config.get(["shutdown-on-sigterm", "bind"]) == [
        ("shutdown-on-sigterm", "nosave now"),
        ("bind", "127.0.0.1 ::1"),
    ]
    config.set_many([("bind", "")])
    assert config.bind == ()
    assert "must be one of" in reply(config, ("shutdown-on-sigterm", "now  nosave"))


def test_set_refuses(config):
    assert reply(config, ("NoSuch", "1")) == "Unknown option or number of arguments for CONFIG SET - 'NoSuch'"
    assert reply(config, ("Daemonize", "yes")) == failed("Daemonize", "can't set immutable config")
    assert reply(config, ("DIR", "/")) == failed("DIR", "can't set protected config")
    assert reply(config, ("port", "1"), ("PORT", "1")) == failed("PORT", "duplicate parameter")
    assert reply(config, ("port", "1"), ("port", "2"), ("nosuch", "3")) == failed("port", "duplicate parameter")
    assert reply(config, ("TIMEOUT", "-1")) == failed("timeout", "argument must be between 0 and 2147483647 inclusive")
    assert reply(config, ("save", "60")) == failed("save", "Invalid save parameters")
    assert reply(config, ("maxmemory-clients", "1gb")) == failed(
        "maxmemory-clients", "Pyrite has no eviction of clients yet: only '0' can be set"
    )


def test_set_all_or_nothing(config):
    before = config.get(["*"])
    assert reply(config, ("maxmemory", "1gb"), ("timeout", "5"), ("port", "x")) == failed(
        "port", "argument couldn't be parsed into an integer"
    )
    assert config.get(["*"]) == before


@pytest.mark.parametrize(
    ("setting", "local", "allowed"),
    [("no", True, False), ("local", False, False), ("local", True, True), ("yes", False, True)],
)
def test_protected_options(config, tmp_path, setting, local, allowed):
    config.assign("enable-protected-configs", setting)
    pairs = [("dir", str(tmp_path)), ("dbfilename", "other.rdb")]
    if allowed:
        config.set_many(pairs, local=local)
    else:
        assert reply(config, *pairs, local=local) == failed("dir", "can't set protected config")
    assert (config.dbfilename == "other.rdb") is allowed
    assert {entry.name for entry in OPTIONS if entry.flags & PROTECTED} == {"dir", "dbfilename"}


def test_while_loading(config):
    config.assign("enable-protected-configs", "yes")
    config.set_many([("loglevel", "debug")], loading=True)
    with pytest.raises(ConfigLoadingError, match=r"^LOADING "):
        config.set_many([("loglevel", "debug"), ("dir", "/")], loading=True)


def test_everything_can_be_set_to_what_it_is(config):
    config.assign("enable-protected-configs", "yes")
    before = config.get(["*"])
    for name, value in before:
        if not BY_NAME[name].flags & IMMUTABLE:
            config.set_many([(name, value)])
    assert config.get(["*"]) == before


def test_many_arguments_take_time_in_proportion(config):
    assert reply(config, *[("maxmemory", "0")] * 200_000) == failed("maxmemory", "duplicate parameter")


@given(st.lists(st.tuples(st.sampled_from(sorted(BY_NAME)), st.text(max_size=12)), max_size=4))
def test_set_of_anything_sets_all_or_nothing(pairs):
    pairs = [(name, value) for name, value in pairs if name not in ("dir", "locale-collate")]
    config = Config()
    before = config.get(["*"])
    try:
        config.set_many(pairs)
    except ConfigSetError:
        assert config.get(["*"]) == before


# What follows a change


def test_hook_runs_when_its_option_changed(config):
    seen = []
    config.on_change("maxmemory", lambda changed: seen.append(changed.maxmemory))
    config.set_many([("maxmemory", "10")])
    config.set_many([("maxmemory", "10")])
    config.set_many([("timeout", "10")])
    assert seen == [10]


def test_hook_on_an_alias_is_one_on_the_option(config):
    seen = []
    config.on_change("hash-max-ziplist-entries", seen.append)
    config.set_many([("hash-max-listpack-entries", "1")])
    assert seen == [config]


def test_hook_of_several_options_runs_once(config):
    seen = []

    def listen(changed):
        seen.append((changed.port, changed.bind))

    config.on_change("port", listen)
    config.on_change("bind", listen)
    config.set_many([("port", "1"), ("bind", "127.0.0.1")])
    assert seen == [(1, ("127.0.0.1",))]


def test_hook_on_what_is_no_option(config):
    with pytest.raises(KeyError):
        config.on_change("nosuch", print)


def test_failing_hook_undoes_everything(config):
    log = []

    def limit(changed):
        log.append(("limit", changed.maxmemory))

    def listen(changed):
        log.append(("listen", changed.port))
        if changed.port == 80:
            raise ConfigError("Unable to listen on this port. Check server logs.")

    config.on_change("maxmemory", limit)
    config.on_change("port", listen)
    config.on_change("timeout", lambda _: log.append(("never", 0)))
    before = config.get(["*"])
    text = reply(config, ("maxmemory", "10"), ("port", "80"), ("timeout", "9"))
    assert text == failed("port", "Unable to listen on this port. Check server logs.")
    assert config.get(["*"]) == before
    assert log == [("limit", 10), ("listen", 80), ("limit", 0), ("listen", 6379)]


def test_what_cannot_be_put_back_is_reported(config):
    def listen(changed):
        raise ConfigError(f"no port {changed.port}")

    config.on_change("port", listen)
    with pytest.raises(ConfigSetError) as caught:
        config.set_many([("port", "80")])
    assert str(caught.value) == failed("port", "no port 80")
    assert caught.value.restore_failures == ["no port 6379"]


def test_a_bug_in_a_hook_is_no_config_error_and_changes_nothing(config):
    def hook(changed):
        raise ZeroDivisionError

    config.on_change("port", hook)
    with pytest.raises(ZeroDivisionError):
        config.set_many([("port", "80")])
    assert config.port == 6379


def test_run_hooks_at_the_start(config):
    seen = []

    def both(_):
        seen.append("both")

    config.on_change("port", both)
    config.on_change("bind", both)
    config.on_change("timeout", lambda _: seen.append("timeout"))
    config.run_hooks()
    assert seen == ["both", "timeout"]


def test_a_file_named_again_is_applied_again(config):
    seen = []
    config.on_change("tls-cert-file", seen.append)
    for _ in range(2):
        config.set_many([("tls-cert-file", "cert.pem")])
    assert len(seen) == 2


def test_dir_moves_the_process(config, tmp_path):
    config.assign("enable-protected-configs", "yes")
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to("data")
    config.set_many([("dir", "link")])
    assert config.dir == os.getcwd() == str(tmp_path / "data")
    assert reply(config, ("dir", "/no/such")) == failed("dir", "No such file or directory")
    assert reply(config, ("dir", "")) == failed("dir", "No such file or directory")
    assert reply(config, ("dir", "/"), ("port", "x")) == failed("port", "argument couldn't be parsed into an integer")
    assert config.dir == os.getcwd() == str(tmp_path / "data")


def test_locale(config):
    before = locale.setlocale(locale.LC_COLLATE)
    try:
        config.set_many([("locale-collate", "C")])
        assert locale.setlocale(locale.LC_COLLATE) == "C"
        assert reply(config, ("locale-collate", "xx_YY")) == failed("locale-collate", "Invalid locale name")
        assert locale.setlocale(locale.LC_COLLATE) == "C"
    finally:
        locale.setlocale(locale.LC_COLLATE, before)


# What is said about it


def test_secrets_are_known(config):
    sensitive = {name for name in BY_NAME if config.is_sensitive(name.upper())}
    assert sensitive == {"requirepass", "masteruser", "masterauth", "tls-key-file-pass", "tls-client-key-file-pass"}
    assert not config.is_sensitive("nosuch")


def test_notices_name_what_has_no_effect(config):
    assert config.notices() == []
    config.assign("repl-diskless-sync-delay", "1")
    config.assign("shutdown-on-sigterm", "now")
    assert config.notices() == [
        "Option 'repl-diskless-sync-delay' has no effect: Pyrite has no replication yet",
    ]


def test_debug_lines(config):
    lines = config.debug_lines()
    assert "client-query-buffer-limit 1073741824" in lines
    assert not any(line.startswith("requirepass") for line in lines)
