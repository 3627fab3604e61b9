"""`python -m pyrite` and `pyrite-server`: the server."""

import signal


def main() -> int:
    """Run the server; returns the exit status."""
    # Until the server has its own handler: Python's would show a traceback of whatever is being loaded.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from pyrite.server.main import main as serve  # noqa: PLC0415 - what has to come first

    return serve()


if __name__ == "__main__":
    raise SystemExit(main())
