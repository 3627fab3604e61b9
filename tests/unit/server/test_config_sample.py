"""The sample file: complete, true, and a file that starts a server."""

import re

import pytest

from pyrite.server.config import Config, load, parse_command_line
from pyrite.server.config.load import Loader
from pyrite.server.config.option import HIDDEN, IMMUTABLE
from pyrite.server.config.options import BY_NAME, OPTIONS
from tests.support import ROOT

SAMPLE = ROOT / "pyrite" / "pyrite.conf"
TEXT = SAMPLE.read_text()
DEFAULTS = re.findall(r"^#([a-z].*)$", TEXT, re.MULTILINE)


@pytest.fixture(autouse=True)
def _in_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_it_is_at_the_root_too():
    assert (ROOT / "pyrite.conf").resolve() == SAMPLE


def test_it_starts_a_server():
    config = Config()
    load(config, parse_command_line([str(SAMPLE)]))
    assert config.bind == ("127.0.0.1", "-::1")
    assert config.notices() == config.warnings == []


def test_it_shows_the_defaults():
    config = Config()
    before = config.get(["*"])
    Loader(config).read_lines([line.encode() for line in DEFAULTS], "the sample")
    assert config.get(["*"]) == before


def test_it_shows_every_option_that_works():
    shown = {line.split()[0] for line in DEFAULTS} | {"bind"}
    assert shown == {entry.name for entry in OPTIONS if works(entry) and not entry.flags & HIDDEN}


def works(entry):
    """Whether an option does something: it waits for no feature, or can be set to more than "off"."""
    return entry.missing is None or len(entry.missing.accepts) > 1


def test_it_says_which_options_only_a_start_sets():
    for paragraph in TEXT.split("\n\n"):
        shown = [BY_NAME[name] for name in re.findall(r"^#([a-z-]+) ", paragraph, re.MULTILINE)]
        if shown:
            assert ("(start)" in paragraph) is any(entry.flags & IMMUTABLE for entry in shown), paragraph


def test_lines_fit_a_page():
    assert max(map(len, TEXT.splitlines())) <= 120
