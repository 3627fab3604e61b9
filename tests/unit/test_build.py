"""The list of compiled modules is whole, and what is imported is the compiled form."""

import ast
import importlib
import importlib.util
import json
from importlib.machinery import EXTENSION_SUFFIXES

import pytest

from tests.support import ROOT

COMPILED_PACKAGES = ("core", "keyspace", "types", "engine", "commands")


def compiled_list() -> tuple[str, ...]:
    """Return COMPILED of setup.py without running it."""
    tree = ast.parse((ROOT / "setup.py").read_text())
    values = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "COMPILED"
    ]
    return ast.literal_eval(values[0])


COMPILED = compiled_list()


def test_every_module_of_the_compiled_packages_is_listed():
    """A module that setup.py does not know would run uncompiled."""
    found = {
        f"{path.parent.name}.{path.stem}"
        for package in COMPILED_PACKAGES
        for path in (ROOT / "pyrite" / package).rglob("*.py")
        if path.stem != "__init__"
    }
    assert sorted(COMPILED) == sorted(found)


@pytest.mark.parametrize("package", COMPILED_PACKAGES)
def test_init_of_a_compiled_package_holds_no_code(package):
    """`__init__` stays uncompiled, so nothing but a docstring belongs there."""
    tree = ast.parse((ROOT / "pyrite" / package / "__init__.py").read_text())
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


@pytest.mark.parametrize("module", COMPILED)
def test_module_is_imported_in_its_compiled_form(module):
    """The extension module stands before the source, and nothing is imported uncompiled in silence."""
    spec = importlib.util.find_spec(f"pyrite.{module}")
    assert spec is not None
    assert spec.origin.endswith(tuple(EXTENSION_SUFFIXES))


STUBS = sorted((ROOT / "pyrite").rglob("*.pyi"))


def promised(tree: ast.Module) -> list[tuple[str, str]]:
    """Return the (owner, name) pairs that a stub declares; the owner of a module's own names is ''."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    pairs = [("", name) for name in declared(tree.body)]
    return pairs + [(node.name, name) for node in classes for name in declared(node.body)]


def declared(body: list[ast.stmt]) -> list[str]:
    """Return the names that the statements of a stub declare, private ones and imports left out."""
    names = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return [name for name in names if not name.startswith("_")]


def absent(stub: str, module: object) -> list[str]:
    """Return the names that a stub declares and that a module, or a class in it, does not have."""
    return [
        f"{owner}.{name}".lstrip(".")
        for owner, name in promised(ast.parse(stub))
        if not hasattr(getattr(module, owner) if owner else module, name)
    ]


def test_stubs_promise_only_what_is_there():
    """What a .pyi tells the type checker of a compiled module holds: functions, classes, methods, attributes."""
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in STUBS}
    assert {
        name: missing
        for path, name in names.items()
        if (missing := absent(path.read_text(), importlib.import_module(name)))
    } == {}


def test_a_stub_that_promises_too_much_is_found():
    """The check above sees functions, attributes of the module, and what classes hold."""
    functions = "def dumps() -> None: ...\ndef gone() -> None: ...\nx: int\n"
    stub = functions + "class JSONDecoder:\n    def decode(self): ...\n    y: int\n"
    assert absent(stub, json) == ["gone", "x", "JSONDecoder.y"]
