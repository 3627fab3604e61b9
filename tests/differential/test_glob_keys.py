"""Glob patterns against a real server's KEYS."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite.core.glob import matches
from tests.support import Server

ALPHABET = "abc^[]-\\*?"
TEXTS = sorted({a + b + c for a in ALPHABET for b in ["", *ALPHABET] for c in ["", "a", "]", "*"]})


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(ALPHABET, min_size=2, max_size=8))
def test_keys_returns_what_matches(peer: Server, pattern: str) -> None:
    if not peer.call("EXISTS", TEXTS[0]):
        peer.call("MSET", *(part for text in TEXTS for part in (text, "1")))
    found = peer.call("KEYS", pattern)
    assert isinstance(found, list)
    assert sorted(found) == sorted(text.encode() for text in TEXTS if matches(pattern.encode(), text.encode()))
