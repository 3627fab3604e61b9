"""`python -m pyrite`: the server."""

from pyrite.server.main import main

if __name__ == "__main__":
    raise SystemExit(main())
