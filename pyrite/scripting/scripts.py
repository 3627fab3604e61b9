"""The scripts of EVAL, by the SHA-1 of their text.

Those that SCRIPT LOAD brought stay until SCRIPT FLUSH. Of those that only EVAL brought the 500 used last stay: a client
that makes a new script for each call would otherwise fill the memory.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from pyrite.core.errors import CommandError
from pyrite.engine.script import Interpreter, Script, ScriptError
from pyrite.engine.state import ServerState
from pyrite.scripting.shebang import script_flags

EVALUATED_MAX = 500
# Beyond the text itself: the objects that stand for a script, and its places in the tables.
OVERHEAD_BYTES = 400
NAME = b"@user_script"


def digest(body: bytes) -> bytes:
    """The name of a script: the SHA-1 of its text, in hexadecimal digits."""
    return hashlib.sha1(body, usedforsecurity=False).hexdigest().encode()


class Scripts:
    """The scripts of one server; `limit_bytes` is how much memory Lua may take."""

    def __init__(self, server: ServerState, limit_bytes: int) -> None:
        self.interpreter = Interpreter(server, True, limit_bytes)
        self.by_sha: dict[bytes, Script] = {}
        self._evaluated: OrderedDict[bytes, Script] = OrderedDict()  # those that may go, the one used last at the end
        self._body_bytes = 0
        self.evicted = 0

    def find(self, sha: bytes) -> Script | None:
        """The script of this name, in letters of either case."""
        return self.by_sha.get(sha) or self.by_sha.get(sha.lower())

    def evaluate(self, body: bytes) -> Script:
        """The script with this text, compiled now if it is not known. Raises CommandError."""
        sha = digest(body)
        return self.by_sha.get(sha) or self._add(sha, body, evictable=True)

    def load(self, body: bytes) -> Script:
        """The same, and keep it until `flush`."""
        sha = digest(body)
        script = self.by_sha.get(sha)
        if script is None:
            return self._add(sha, body, evictable=False)
        if script.evictable:
            script.evictable = False
            del self._evaluated[sha]
        return script

    def _add(self, sha: bytes, body: bytes, *, evictable: bool) -> Script:
        flags, code = script_flags(body)
        try:
            number = self.interpreter.compile(code, NAME)
        except ScriptError as error:
            raise CommandError(b"ERR Error compiling script (new function): " + error.text) from None
        script = Script(sha, body, flags, number)
        if evictable:
            while len(self._evaluated) >= EVALUATED_MAX:
                self._evict()
            script.evictable = True
            self._evaluated[sha] = script
        self.by_sha[sha] = script
        self._body_bytes += len(body)
        return script

    def _evict(self) -> None:
        sha, script = self._evaluated.popitem(last=False)
        del self.by_sha[sha]
        self._body_bytes -= len(script.body)
        self.interpreter.release(script.ref)
        self.evicted += 1

    def used(self, script: Script) -> None:
        """A script that may go has run: it goes after all others."""
        if script.sha in self._evaluated:
            self._evaluated.move_to_end(script.sha)

    def flush(self) -> None:
        """Forget all scripts, and the state that they have left in Lua."""
        self.interpreter.close()
        self.by_sha.clear()
        self._evaluated.clear()
        self._body_bytes = 0

    @property
    def memory_bytes(self) -> int:
        """Bytes of the scripts' texts, and what stands for them, without Lua's memory."""
        return self._body_bytes + len(self.by_sha) * OVERHEAD_BYTES
