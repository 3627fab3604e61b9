"""Prints what pyproject.toml asks for, one requirement a line: to build, to run, and the extras named as arguments.

The project's own environment is filled from this, so that no second list of requirements exists.
"""

import sys
import tomllib
from pathlib import Path
from typing import Any


def requirements(pyproject: dict[str, Any], extras: list[str]) -> list[str]:
    """Return the requirements to build and run the project, and those of the extras.

    An unknown extra raises KeyError.
    """
    project = pyproject["project"]
    wanted = [*pyproject["build-system"]["requires"], *project["dependencies"]]
    for extra in extras:
        wanted += extra_requirements(project, extra)
    return wanted


def extra_requirements(project: dict[str, Any], extra: str) -> list[str]:
    """Return the requirements of one extra; an extra it names as `pyrite[other]` is replaced by what that one holds."""
    own_prefix = f"{project['name']}["
    wanted = []
    for requirement in project["optional-dependencies"][extra]:
        if requirement.startswith(own_prefix):
            wanted += extra_requirements(project, requirement[len(own_prefix) :].rstrip("]"))
        else:
            wanted.append(requirement)
    return wanted


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    print("\n".join(requirements(tomllib.loads((root / "pyproject.toml").read_text()), sys.argv[1:])))
