"""CONFIG REWRITE: what changes in a file, what stays, and that no reader ever sees half of it."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.server.config import Config, ConfigError, load, parse_command_line
from pyrite.server.config.option import IMMUTABLE
from pyrite.server.config.options import BY_NAME, OPTIONS
from pyrite.server.config.rewrite import ADDED_BELOW, ConfigFile


@pytest.fixture(autouse=True)
def _in_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def start(text):
    """A configuration that was started with a file of this text, plus the `dir` line that every rewrite writes."""
    with open("test.conf", "w", encoding="utf-8") as file:
        file.write(f'{text}dir "{os.getcwd()}"\n')
    config = Config()
    load(config, parse_command_line(["test.conf"]))
    return config


def rewritten(config, **options):
    """The text of the file after CONFIG REWRITE, without the `dir` line."""
    config.rewrite(**options)
    with open(config.path, encoding="utf-8") as file:
        return file.read().replace(f'dir "{os.getcwd()}"\n', "")


def test_without_a_file():
    with pytest.raises(ConfigError, match=r"^The server is running without a config file$"):
        Config().rewrite()


UNTOUCHED = """\
# A comment, and blank lines around it.


   # indented

PORT   7000
include /dev/null
rename-command FLUSHALL ""
client-output-buffer-limit pubsub 1mb 1mb 10
maxmemory 1024kb
logfile ''
slave-priority 7
bind "127.0.0.1   ::1"
"""


def test_nothing_changed():
    assert rewritten(start(UNTOUCHED)) == UNTOUCHED


def test_a_last_line_without_line_break():
    config = start("")
    with open("test.conf", "w", encoding="utf-8") as file:
        file.write(f'dir "{os.getcwd()}"\nport 1')
    config.assign("port", "1")
    assert rewritten(config) == "port 1\n"


def test_changed_in_place():
    config = start("# before\nmaxmemory 1gb # not a comment\n".replace(" # not a comment", "") + "# after\nport 7000\n")
    config.set_many([("maxmemory", "100mb"), ("port", "0")])
    assert rewritten(config) == "# before\nmaxmemory 100mb\n# after\nport 0\n"


def test_back_to_the_default_in_place():
    config = start("port 7000\n")
    config.set_many([("port", "6379")])
    assert rewritten(config) == "port 6379\n"


def test_added_at_the_end_once():
    config = start("port 7000\n")
    config.set_many([("maxmemory", "100mb"), ("loglevel", "debug")])
    wanted = f"port 7000\n{ADDED_BELOW.decode()}\nloglevel debug\nmaxmemory 100mb\n"
    assert rewritten(config) == wanted
    config.set_many([("timeout", "5")])
    assert rewritten(config) == wanted + "timeout 5\n"


def test_old_names_become_new_ones_when_the_value_changes():
    config = start("hash-max-ziplist-entries 7\nslave-priority 5\n")
    config.set_many([("hash-max-ziplist-entries", "8")])
    assert rewritten(config) == "hash-max-listpack-entries 8\nslave-priority 5\n"


def test_repeated_option_becomes_one():
    config = start("port 1\n# between\nport 2\nPort 3\n")
    assert rewritten(config) == "port 3\n# between\n"


def test_option_that_is_not_set_any_more_goes():
    config = start("# the password\nrequirepass secret\n")
    config.set_many([("requirepass", "")])
    assert rewritten(config) == "# the password\n"


def test_limits_change_by_class():
    config = start("client-output-buffer-limit slave 1mb 1mb 1\n# between\nclient-output-buffer-limit normal 5 5 5\n")
    config.set_many([("client-output-buffer-limit", "normal 6 6 6 pubsub 7 7 7")])
    assert rewritten(config) == (
        "client-output-buffer-limit slave 1mb 1mb 1\n# between\nclient-output-buffer-limit normal 6 6 6\n"
        f"{ADDED_BELOW.decode()}\nclient-output-buffer-limit pubsub 7 7 7\n"
    )


def test_save_points(monkeypatch):
    monkeypatch.setattr(Config.save, "missing", None)
    config = start("save 60 1\n# between\nsave 30 2\nsave 10 3\n")
    config.set_many([("save", "60 1 20 5")])
    assert rewritten(config) == "save 60 1\n# between\nsave 20 5\n"
    config.set_many([("save", "60 1 20 5 3 3")])
    assert rewritten(config) == f"save 60 1\n# between\nsave 20 5\n{ADDED_BELOW.decode()}\nsave 3 3\n"
    config.set_many([("save", "")])
    assert rewritten(config) == f'save ""\n# between\n{ADDED_BELOW.decode()}\n'


def test_relative_directory_becomes_absolute(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "test.conf").write_text("dir ./data\n")
    config = Config()
    load(config, parse_command_line(["test.conf"]))
    config.rewrite()
    assert (tmp_path / "test.conf").read_text() == f'dir "{tmp_path}/data"\n'


def test_lines_that_no_start_would_take_become_comments():
    config = start("port 1\n")
    with open("test.conf", "a", encoding="utf-8") as file:
        file.write('prot 2\nlogfile "open\nuser alice on\nlist-max-ziplist-value 64\n')
    assert rewritten(config) == (
        'port 1\n# ??? prot 2\n# ??? logfile "open\nuser alice on\n# ??? list-max-ziplist-value 64\n'
    )


def test_file_that_is_gone_is_written_anew():
    config = start("port 1\n")
    os.unlink("test.conf")
    assert rewritten(config) == f"{ADDED_BELOW.decode()}\nport 1\n"
    assert stat.S_IMODE(os.stat("test.conf").st_mode) == 0o644 & ~umask()


def umask():
    value = os.umask(0)
    os.umask(value)
    return value


def test_values_cannot_add_lines():
    config = start("")
    config.set_many([("requirepass", 'a"\nport 1\r\n#'), ("masterauth", "\0\udcff'")])
    text = rewritten(config)
    assert text.splitlines()[1:] == ['requirepass "a\\"\\nport 1\\r\\n#"', 'masterauth "\\x00\\xff\'"']
    again = Config()
    load(again, parse_command_line(["test.conf"]))
    assert (again.requirepass, again.masterauth, again.port) == ('a"\nport 1\r\n#', "\0\udcff'", 6379)


def test_everything_can_be_written():
    config = start("")
    text = rewritten(config, every_option=True)
    names = {line.split()[0] for line in text.splitlines()[1:]}
    unset = {entry.name for entry in OPTIONS if not entry.groups(entry.default)}
    assert names | unset | {"dir"} == {entry.name for entry in OPTIONS}
    again = Config()
    load(again, parse_command_line(["test.conf"]))
    assert again.get(["*"]) == config.get(["*"])


def test_permissions_stay():
    config = start("requirepass secret\n")
    os.chmod("test.conf", 0o600)
    config.set_many([("port", "1")])
    config.rewrite()
    assert stat.S_IMODE(os.stat("test.conf").st_mode) == 0o600


def test_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    config = start("port 1\n")
    os.rename("test.conf", "real/it.conf")
    os.symlink("real/it.conf", "test.conf")
    config.set_many([("port", "2")])
    assert rewritten(config) == "port 2\n"
    assert os.path.islink("test.conf")
    assert os.listdir("real") == ["it.conf"]


@pytest.mark.parametrize("step", ["fsync", "rename", "fchmod"])
def test_failure_leaves_the_old_file_alone(step, monkeypatch):
    config = start("port 1\n")
    config.set_many([("port", "2")])

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(ConfigError, match=r"^Rewriting config file: No space left on device$"):
        config.rewrite()
    monkeypatch.undo()
    with open(config.path, encoding="utf-8") as file:
        assert file.read().startswith("port 1\n")
    assert os.listdir(os.path.dirname(config.path)) == ["test.conf"]


def test_a_left_over_temporary_file_is_in_nobodys_way():
    config = start("port 1\n")
    os.symlink("/dev/full", f"test.conf.{os.getpid()}.tmp")
    config.set_many([("port", "2")])
    assert rewritten(config) == "port 2\n"
    assert os.listdir() == ["test.conf"]


def test_order_of_writing(monkeypatch):
    config = start("port 1\n")
    config.set_many([("port", "2")])
    steps = []
    for step in ("fsync", "rename"):
        real = getattr(os, step)
        monkeypatch.setattr(os, step, lambda *arguments, step=step, real=real: (steps.append(step), real(*arguments)))
    config.rewrite()
    assert steps == ["fsync", "rename", "fsync"]


lines = st.one_of(
    st.sampled_from(
        ["# comment", "", "  ", "port 1", "PORT 2", "save ''", "include x", "nosuch y", 'bind "', "bind ::1"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20),
)
settings = st.dictionaries(
    st.sampled_from(["port", "timeout", "maxmemory", "requirepass", "bind", "client-output-buffer-limit", "loglevel"]),
    st.one_of(st.text(max_size=12), st.sampled_from(["1", "100mb", "debug", "::1 127.0.0.1", "normal 1 2 3"])),
)


@given(st.lists(lines, max_size=12), settings)
def test_rewriting_says_what_is_set_and_does_so_once(text, changes):
    config = Config()
    for name, value in changes.items():
        try:
            config.set_many([(name, value)])
        except ConfigError:
            continue
    content = rewrite("\n".join(text).encode(), config)
    assert rewrite(content, config) == content
    again = Config()
    with open("one.conf", "wb") as file:
        for line in content.split(b"\n"):
            if line.split(b" ", 1)[0].decode("utf-8", "replace").lower() in BY_NAME:
                file.write(line + b"\n")
    load(again, parse_command_line(["one.conf"]))
    for option in OPTIONS:
        if not option.flags & IMMUTABLE:
            assert again.value_of(option) == config.value_of(option)


def rewrite(content, config):
    file = ConfigFile(content)
    for option in OPTIONS:
        file.set(option, config.value_of(option), always=False)
    return file.content()
