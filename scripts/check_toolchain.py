"""Says in one line which Debian packages are missing to build Pyrite, or to test it, and fails if any is.

    check_toolchain.py          what a build needs: a C compiler, Python's headers, venv
    check_toolchain.py --peers  what the tests need besides: redis-server, redis-cli

It runs before the project's own environment exists, so it uses the standard library alone, and keeps to a syntax that
an older Python reads, so that the answer there is a sentence too.
"""

import importlib.util
import os
import shlex
import shutil
import sys
import sysconfig

OLDEST_PYTHON = (3, 11)


def has_compiler():
    """Return whether the C compiler that extension modules are built with is on the PATH."""
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    return bool(command) and shutil.which(command[0]) is not None


def has_libc_headers():
    """Return whether C's own headers are there: on Debian a compiler can be installed without them."""
    return any(
        os.path.exists(os.path.join(root, "stdio.h"))
        for root in ("/usr/include", "/usr/local/include", *os.environ.get("CPATH", "").split(":"))
    )


def has_headers():
    """Return whether the headers of this Python are installed."""
    return os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))


def has_venv():
    """Return whether this Python can make a virtual environment that has pip in it."""
    return importlib.util.find_spec("venv") is not None and importlib.util.find_spec("ensurepip") is not None


BUILD_NEEDS = (
    ("gcc", "a C compiler", has_compiler),
    ("libc6-dev", "the headers of the C library", has_libc_headers),
    ("python3-dev", "Python's headers", has_headers),
    ("python3-venv", "Python's venv with ensurepip", has_venv),
)
PEER_NEEDS = (
    ("redis-server", "the server that tests compare with", lambda: shutil.which("redis-server") is not None),
    ("redis-tools", "redis-cli", lambda: shutil.which("redis-cli") is not None),
)


def missing(needs):
    """Return the (package, what it is) pairs of the needs that are not met."""
    return [(package, what) for package, what, is_met in needs if not is_met()]


def complaint(absent):
    """Return the one line that says which packages are absent and how to get them."""
    listed = ", ".join("{} ({})".format(package, what) for package, what in absent)
    packages = " ".join(package for package, _ in absent)
    return "Missing Debian packages: {}. Install them with: apt-get install {}".format(listed, packages)


def main(arguments):
    """Check what the arguments ask for and return the exit status."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        print("Pyrite needs Python 3.11 or later; {} is Python {}.".format(sys.executable, found), file=sys.stderr)
        return 1
    needs = PEER_NEEDS if "--peers" in arguments else BUILD_NEEDS
    absent = missing(needs)
    if absent:
        print(complaint(absent), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
