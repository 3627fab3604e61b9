"""Libraries of functions: FUNCTION and FCALL.

A library's code runs once, when it is loaded, and registers its functions. Libraries are data: they outlive a restart
and reach replicas. A load either brings a whole library or changes nothing, and so does a restore of several.

Names of functions are one for all libraries, and are found in letters of either case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pyrite.core.errors import CommandError
from pyrite.engine.script import Interpreter
from pyrite.engine.state import ServerState
from pyrite.scripting import payload
from pyrite.scripting.shebang import ENGINE, library_line

NAME = b"@user_function"
WRONG_NAME = (
    b"ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"
)
# What stands for a library and for a function, beyond their texts.
LIBRARY_OVERHEAD_BYTES = 500
FUNCTION_OVERHEAD_BYTES = 300

_NAME_FORM = re.compile(rb"[A-Za-z0-9_]+")


@dataclass(slots=True)
class Function:
    """One function; `ref` is its number in the interpreter."""

    name: bytes
    description: bytes | None
    flags: int
    ref: int


@dataclass(slots=True)
class Library:
    """One library; `code` is its text as it was loaded."""

    name: bytes
    code: bytes
    functions: dict[bytes, Function] = field(default_factory=dict)


class _Set:
    """Libraries and their functions, by name; those of functions are in small letters."""

    def __init__(self) -> None:
        self.libraries: dict[bytes, Library] = {}
        self.functions: dict[bytes, Function] = {}

    def link(self, library: Library) -> None:
        """Add a library."""
        self.libraries[library.name] = library
        for function in library.functions.values():
            self.functions[function.name.lower()] = function

    def unlink(self, library: Library) -> None:
        """Take a library out."""
        del self.libraries[library.name]
        for function in library.functions.values():
            self.functions.pop(function.name.lower(), None)

    def collision(self, library: Library) -> bytes | None:
        """The name of a function of the library that there is already."""
        return next((name for name in library.functions if name.lower() in self.functions), None)


class Functions:
    """The libraries of one server; `limit_bytes` is how much memory Lua may take."""

    def __init__(self, server: ServerState, limit_bytes: int) -> None:
        self.server = server
        self.interpreter = Interpreter(server, False, limit_bytes)
        self._set = _Set()

    @property
    def libraries(self) -> dict[bytes, Library]:
        """All libraries, by name."""
        return self._set.libraries

    @property
    def count(self) -> int:
        """How many functions there are."""
        return len(self._set.functions)

    def find(self, name: bytes) -> Function | None:
        """The function of this name, in letters of either case."""
        return self._set.functions.get(name) or self._set.functions.get(name.lower())

    # Changes

    def load(self, code: bytes, *, replace: bool, has_limit: bool = True) -> bytes:
        """Load a library from its text; returns its name. Raises CommandError, and has changed nothing then.

        Without `has_limit` its code may run for more than half a second: for libraries that were loaded before.
        """
        name = self._load_into(self._set, code, replace=replace, has_limit=has_limit)
        self.server.keyspace.dirty += 1
        return name

    def load_saved(self, code: bytes, *, replace: bool) -> bytes:
        """As `load`, from a file: that is no change, and the library's code may run as long as it takes."""
        return self._load_into(self._set, code, replace=replace, has_limit=False)

    def _load_into(self, into: _Set, code: bytes, *, replace: bool, has_limit: bool) -> bytes:
        engine, name, body = library_line(code)
        if not _NAME_FORM.fullmatch(name):
            raise CommandError(WRONG_NAME)
        if engine.lower() != ENGINE:
            raise CommandError(b"ERR Engine '%b' not found" % engine)
        old = into.libraries.get(name)
        if old is not None and not replace:
            raise CommandError(b"ERR Library '%b' already exists" % name)
        library = Library(name, code)
        if old is not None:
            into.unlink(old)
        try:
            self._run(library, body, has_limit=has_limit)
            if not library.functions:
                raise CommandError(b"ERR No functions registered")
            taken = into.collision(library)
            if taken is not None:
                raise CommandError(b"ERR Function %b already exists" % taken)
        except CommandError:
            self._release(library)
            if old is not None:
                into.link(old)
            raise
        into.link(library)
        if old is not None:
            self._release(old)
        return name

    def _run(self, library: Library, body: bytes, *, has_limit: bool) -> None:
        """Run a library's code, which registers its functions."""

        def register(name: bytes, description: bytes | None, flags: int, ref: int) -> bytes | None:
            if not _NAME_FORM.fullmatch(name):
                return WRONG_NAME
            if name in library.functions:
                return b"ERR Function already exists in the library"
            library.functions[name] = Function(name, description, flags, ref)
            return None

        self.interpreter.load_library(body, NAME, register, has_limit)

    def _release(self, library: Library) -> None:
        for function in library.functions.values():
            self.interpreter.release(function.ref)

    def delete(self, name: bytes) -> None:
        """Delete a library. Raises CommandError."""
        library = self._set.libraries.get(name)
        if library is None:
            raise CommandError(b"ERR Library not found")
        self._set.unlink(library)
        self._release(library)
        self.server.keyspace.dirty += 1

    def flush(self) -> None:
        """Delete all libraries. Raises CommandError while one of them runs."""
        self.interpreter.close()
        self._set = _Set()
        self.server.keyspace.dirty += 1

    # From server to server

    def dump(self) -> bytes:
        """All libraries as a payload."""
        return payload.dump([library.code for library in self._set.libraries.values()])

    def restore(self, data: bytes, policy: bytes) -> None:
        """Take the libraries of a payload. Raises CommandError, and has changed nothing then.

        `policy` is flush (instead of all that there are), append (none of them may be there yet) or replace.
        """
        new = _Set()
        try:
            for code in payload.restore(data):
                self._load_into(new, code, replace=False, has_limit=True)
            if policy == b"flush":
                old, self._set = list(self._set.libraries.values()), new
            else:
                old = self._join(new, replace=policy == b"replace")
        except CommandError:
            for library in new.libraries.values():
                self._release(library)
            raise
        for library in old:
            self._release(library)
        self.server.keyspace.dirty += 1

    def _join(self, new: _Set, *, replace: bool) -> list[Library]:
        """Add libraries to those that there are; returns those that they have replaced."""
        old = [self._set.libraries[name] for name in new.libraries if name in self._set.libraries]
        if old and not replace:
            raise CommandError(b"ERR Library %b already exists" % old[0].name)
        for library in old:
            self._set.unlink(library)
        for library in new.libraries.values():
            taken = self._set.collision(library)
            if taken is not None:
                for each in old:
                    self._set.link(each)
                raise CommandError(b"ERR Function %b already exists" % taken)
        for library in new.libraries.values():
            self._set.link(library)
        return old

    @property
    def memory_bytes(self) -> int:
        """Bytes of the libraries' texts, and what stands for them, without Lua's memory."""
        return sum(
            len(library.code) + LIBRARY_OVERHEAD_BYTES + len(library.functions) * FUNCTION_OVERHEAD_BYTES
            for library in self._set.libraries.values()
        )
