"""The same generated commands to our server and to a real one, reply by reply; then all that they hold.

Each run draws a protocol version, and whether requests may name times from now: without those, expiry times are compared
to the millisecond. Active expiry is off in both, so that a key that has fallen due goes when somebody asks for it.
"""

import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.conftest import ServerFactory
from tests.differential.arguments import Argv, any_key, pattern_of_scan
from tests.differential.compare import Answer, same, sorted_items
from tests.differential.requests import GENERATED, NOT_GENERATED, requests, settings as config_settings
from tests.differential.versions import is_known_difference, names_time_from_now
from tests.support import ErrorReply, RespClient, Server

# Strings may be so long; so that no offset makes a server take much memory.
ARGUMENTS = ("--proto-max-bulk-len", "1mb", "--slowlog-log-slower-than", "-1")
