"""Requests of each command that both servers have, by family.

`GENERATED` has the name of each command and subcommand as in COMMAND LIST; `NOT_GENERATED` says why a command has no
requests. A test holds the two against the command tables of both servers.
"""

from hypothesis import strategies as st

from tests.differential import data_requests, server_requests
from tests.differential.arguments import Argv, damaged
from tests.differential.families import FAMILIES

# The modules that enter requests into the families.
ENTERED_BY = (data_requests, server_requests)
# What is wrong with their requests is written out: one of these with an argument of 0 somewhere could wait for ever.
UNDAMAGED = {"waiting"}


@st.composite
def requests(draw: st.DrawFn, family: str, may_damage: bool = True) -> Argv:
    """Return a request of a family, in one of five cases damaged, if it may be."""
    chosen = draw(st.sampled_from(FAMILIES[family]))
    if family in UNDAMAGED:
        return draw(chosen)
    return draw(damaged(chosen) if may_damage and draw(st.integers(0, 4)) == 0 else chosen)


NOT_GENERATED = {
    "script|debug": "there is no debugger",
    "function|dump": "compresses otherwise than the peer: see test_functions",
    "function|restore": "as function|dump",
    "subscribe": "its replies are messages: see tests of publish and subscribe",
    "psubscribe": "as subscribe",
    "ssubscribe": "as subscribe",
    "unsubscribe": "as subscribe",
    "punsubscribe": "as subscribe",
    "sunsubscribe": "as subscribe",
    "client|tracking": "its messages come whenever: see tests of tracking",
    "client|caching": "as client|tracking",
    "monitor": "its replies never end: see tests of publish and subscribe",
    "spop": "removes by chance: see test_set in tests/commands",
    "quit": "ends the connection: see test_protocol_peer",
    "client|reply": "changes which replies there are: see test_protocol_peer",
    "shutdown": "ends the server",
    "save": "writes a file: see test_snapshots",
    "bgrewriteaof": "writes files; tests/integration/test_append_only.py",
    "bgsave": "as save, and whether it can depends on time",
    "lastsave": "tells the time",
    "dump": "compresses otherwise than the peer: see test_dump_payloads",
    "pfselftest": "takes seconds, and can only pass",
}
