"""Secrets are found wherever a command has them."""

import pytest

from pyrite.server.config.config import Config
from pyrite.server.sensitive import redacted


@pytest.mark.parametrize(
    ("command", "argv", "shown"),
    [
        ("auth", "AUTH pw", "AUTH (redacted)"),
        ("auth", "AUTH user pw", "AUTH (redacted) (redacted)"),
        ("hello", "HELLO 3 AUTH user pw", "HELLO 3 AUTH (redacted) (redacted)"),
        ("hello", "HELLO 3 SETNAME x auth user pw", "HELLO 3 SETNAME x auth (redacted) (redacted)"),
        ("hello", "HELLO 3 AUTH user", "HELLO 3 AUTH (redacted)"),
        ("hello", "HELLO 3", "HELLO 3"),
        ("hello", "HELLO", "HELLO"),
        ("config|set", "CONFIG SET RequirePass pw hz 10", "CONFIG SET RequirePass (redacted) hz 10"),
        ("config|set", "CONFIG SET hz 10 masterauth", "CONFIG SET hz 10 masterauth"),
        ("set", "SET requirepass pw", "SET requirepass pw"),
    ],
)
def test_redacted(command: str, argv: str, shown: str) -> None:
    words = argv.encode().split()
    kept = list(words)
    assert redacted(command, words, Config()) == shown.encode().split()
    assert words == kept
