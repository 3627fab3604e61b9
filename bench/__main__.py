"""The command line: `python -m bench [name ...] [options]`."""

import argparse
import importlib
import sys

NAMES = (
    "startup", "memory", "connections", "commands", "structures", "scripts", "pubsub", "growth", "expiry", "durability",
)  # fmt: skip


def main() -> int:
    """Run the benchmarks that are named, or all; returns the exit status."""
    modules = {name: importlib.import_module(f"bench.{name}") for name in NAMES}
    subjects = {name: (module.__doc__ or "").partition("\n")[0] for name, module in modules.items()}
    listing = "\n".join(f"  {name:12} {subject}" for name, subject in subjects.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench", epilog=listing, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="name", help="which benchmarks; without a name, all")
    parser.add_argument("--scale", type=float, default=1.0, help="times as much work: 0.1 for a quick look")
    parser.add_argument("--peer", default="redis-server", help="the server to compare with (all but connections)")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown or options.scale <= 0:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}" if unknown else "the scale has to be positive")
    for name in options.names or NAMES:
        print(f"\n{name}: {subjects[name]}\n", flush=True)
        modules[name].run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
