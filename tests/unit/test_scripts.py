"""The scripts that run before the project's environment exists."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

CHECK = ROOT / "scripts" / "check_toolchain.py"
REQUIREMENTS = ROOT / "scripts" / "requirements.py"


def run_check(path: Path | str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the toolchain check with another PATH."""
    return subprocess.run(
        [sys.executable, "-I", str(CHECK), *arguments],
        env=os.environ | {"PATH": str(path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_toolchain_is_complete_where_the_tests_run():
    """The build has just worked, so the check has nothing to say."""
    result = run_check(os.environ["PATH"])
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_missing_compiler_is_named_in_one_line(tmp_path):
    """One line on stderr names the Debian package and the command that installs it."""
    result = run_check(tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == ("Missing Debian packages: gcc (a C compiler). Install them with: apt-get install gcc\n")


def test_missing_peers_are_named_together(tmp_path):
    """All that is missing stands in the one line."""
    result = run_check(tmp_path, "--peers")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith("apt-get install redis-server redis-tools\n")


def test_compiler_of_the_environment_counts(tmp_path):
    """CC names the compiler, with options or without."""
    compiler = tmp_path / "my-cc"
    compiler.write_text("#!/bin/sh\n")
    compiler.chmod(0o755)
    assert run_check(tmp_path, CC="my-cc -pipe").returncode == 0
    assert run_check(tmp_path, CC="other-cc").returncode == 1


@pytest.mark.parametrize(("absent", "package"), [("Python.h", "python3-dev"), ("ensurepip", "python3-venv")])
def test_missing_parts_of_python_are_named(absent, package):
    """Debian's python3 comes without headers and without ensurepip; each has its package."""
    pretend = (
        "import sys, runpy, os.path, importlib.util as u\n"
        "exists, find = os.path.exists, u.find_spec\n"
        f"os.path.exists = lambda p: not str(p).endswith({absent!r}) and exists(p)\n"
        f"u.find_spec = lambda name, *rest: None if name == {absent!r} else find(name, *rest)\n"
        f"sys.argv = [{str(CHECK)!r}]\n"
        f"runpy.run_path({str(CHECK)!r}, run_name='__main__')\n"
    )
    result = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.endswith(f"Install them with: apt-get install {package}\n")


def run_requirements(*extras: str) -> subprocess.CompletedProcess[str]:
    """Run the script that prints requirements."""
    return subprocess.run([sys.executable, str(REQUIREMENTS), *extras], capture_output=True, text=True, check=False)


def test_requirements_hold_build_run_and_extras():
    """Extras that name other extras are followed."""
    lines = run_requirements("dev").stdout.splitlines()
    for name in ("setuptools", "Cython", "uvloop", "pytest", "ruff", "build"):
        assert any(line.startswith(name) for line in lines), name
    assert not any(line.startswith("pyrite") for line in lines)


def test_requirements_without_extras_are_few():
    """Without extras only what builds and runs the project is printed."""
    assert not any(line.startswith("pytest") for line in run_requirements().stdout.splitlines())


def test_an_unknown_extra_fails():
    """A typing error must not end in an environment with half its tools."""
    assert run_requirements("devv").returncode != 0
