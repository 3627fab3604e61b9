"""Dependencies point one way: server → commands → types, engine → keyspace → core.

Read from the imports and cimports of every `.py`, `.pyi` and `.pxd` of the package, those inside functions included.
"""

import ast
import re
from pathlib import Path

import pytest

from tests.support import ROOT

# What each package may import besides itself. A new package is added here, below those that may use it.
BELOW = {
    "core": set(),
    "keyspace": {"core"},
    "types": {"keyspace", "core"},
    "engine": {"keyspace", "core"},
    "commands": {"types", "engine", "keyspace", "core"},
    "scripting": {"engine", "keyspace", "core"},
    # Two parts of one thing: the server owns its persistence, which asks it for settings, log and events.
    "persistence": {"server", "scripting", "commands", "types", "engine", "keyspace", "core"},
    "tools": {"persistence", "types", "keyspace", "core"},
    "server": {"persistence", "scripting", "commands", "types", "engine", "keyspace", "core"},
}
FILES = sorted(path for path in (ROOT / "pyrite").rglob("*.p*") if path.suffix in (".py", ".pyi", ".pxd"))
CIMPORT = re.compile(
    r"^\s*(?:from\s+(?P<origin>[\w.]+)\s+cimport\s+(?P<names>[^#]+)|cimport\s+(?P<modules>[^#]+))", re.MULTILINE
)


def package_of(module: str) -> str | None:
    """Return the package below `pyrite` that a dotted name lies in; None for other people's modules."""
    parts = module.removeprefix("cython.cimports.").split(".")
    if parts[0] != "pyrite":
        return None
    return parts[1] if len(parts) > 1 else ""


def absolute(module: str, level: int, importer: str) -> str:
    """Return the absolute name of a module imported with `level` dots from the module `importer`."""
    if level == 0:
        return module
    base = importer.split(".")[:-level]
    return ".".join([*base, *filter(None, [module])])


def imported_by_python(source: str, importer: str) -> set[str]:
    """Return the dotted names that Python source imports, `from a import b` as `a.b`."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(node.module or "", node.level, importer)
            names |= {f"{origin}.{alias.name}" for alias in node.names}
    return names


def imported_by_pxd(source: str, importer: str) -> set[str]:
    """Return the dotted names that a .pxd cimports, `from a cimport b` as `a.b`."""
    names = set()
    for match in CIMPORT.finditer(source):
        listed = [part.split()[0] for part in re.split(r"[,()]", match["names"] or match["modules"]) if part.strip()]
        if match["origin"]:
            dots = len(match["origin"]) - len(match["origin"].lstrip("."))
            origin = absolute(match["origin"][dots:], dots, importer)
            names |= {f"{origin}.{name}" for name in listed}
        else:
            names |= set(listed)
    return names


def importer_of(path: Path) -> str:
    """Return the dotted name of a file; a package's is that of its `__init__`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def wrong_imports(path: Path, source: str) -> set[str]:
    """Return the names that a file imports and that lie in a package it must not know."""
    importer = importer_of(path)
    read = imported_by_pxd if path.suffix == ".pxd" else imported_by_python
    own = package_of(importer)
    # Files of `pyrite` itself are its public face and may import anything below.
    allowed = (
        set(BELOW) | {""} if own in ("", "__init__", "__main__") else {own, "__version__", "REDIS_VERSION", *BELOW[own]}
    )
    return {name for name in read(source, importer) if package_of(name) not in allowed | {None}}


@pytest.mark.parametrize("path", FILES, ids=importer_of)
def test_imports_only_what_lies_below(path):
    """No file imports from a package above its own, or beside it."""
    assert wrong_imports(path, path.read_text()) == set()


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("core/entry.py", "from cython.cimports.pyrite.keyspace.database import Database"),
        ("core/entry.py", "def late():\n    import pyrite.server.main"),
        ("core/entry.py", "from ..keyspace import database"),
        ("core/entry.py", "from .. import keyspace"),
        ("core/entry.pxd", "from pyrite.engine.client cimport Client"),
        ("core/entry.pxd", "cimport pyrite.types.string as string"),
        ("core/entry.pxd", "from ..keyspace.database cimport Database"),
        ("types/string.py", "from pyrite.engine.errors import CommandError"),
        ("engine/client.py", "from pyrite.types import string"),
        ("commands/string.py", "from pyrite.server import info"),
    ],
)
def test_finds_imports_that_point_upwards(name, source):
    """The check above sees every way to write an import."""
    assert len(wrong_imports(ROOT / "pyrite" / name, source)) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("core/entry.py", "import os\nfrom . import memory\nfrom cython.cimports.libc.string import memcpy"),
        ("core/entry.pxd", "from libc.stdint cimport uint64_t\nfrom pyrite.core.memory cimport (\n    zalloc,\n)"),
        ("engine/client.py", "from pyrite import __version__\nfrom pyrite.keyspace.database import Database"),
        ("commands/string.py", "from pyrite.types import string\nfrom pyrite.engine import errors"),
        ("__main__.py", "from pyrite.server.main import main"),
    ],
)
def test_allows_imports_that_point_downwards(name, source):
    """The check above has no objection to what is right."""
    assert wrong_imports(ROOT / "pyrite" / name, source) == set()
