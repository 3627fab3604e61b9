"""Build of the compiled tiers; everything declarative stands in pyproject.toml.

The modules in COMPILED are plain `.py` files that Cython's pure-Python mode turns into C, under build/cython/, and
the C compiler into extension modules. There is no fall-back: a module that is missing, does not compile, or draws a
Cython warning ends the build.

Three variants, chosen by the environment variable PYRITE_BUILD:

    release   the default; in place (`make build`) or into a wheel
    debug     bounds checks, asserts, no optimisation, annotated HTML under build/annotate
    asan      AddressSanitizer and UndefinedBehaviorSanitizer, the allocator replaced by plain malloc

Further variables: PYRITE_WERROR=1 makes warnings of the C compiler errors too (`make` sets it; a user's compiler may
warn of things that ours does not), PYRITE_MODULES="core.glob core.crc" builds only those, PYRITE_LINETRACE=1 adds line
tracing to the debug variant.
"""

import json
import multiprocessing
import os
import platform
import shutil
import sysconfig
from pathlib import Path
from typing import Any

import Cython
from Cython.Build import cythonize
from Cython.Compiler import Options
from Cython.Compiler.Errors import CompileError
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

# Every compiled module, below `pyrite`. A test holds this against the files in the compiled packages.
COMPILED = (
    # core: raw memory, pointers, nogil
    "core.errors",
    "core.text",
    "core.memory",
    "core.clock",
    "core.entry",
    "core.child",
    "core.crash",
    "core.hashtable",
    "core.expiry_index",
    "core.ordered_tree",
    "core.ordered_index",
    "core.parser",
    "core.reply",
    "core.numbers",
    "core.glob",
    "core.siphash",
    "core.crc",
    "core.histogram",
    "core.bits",
    "core.hll",
    "core.hll_registers",
    "core.lcs",
    "core.listpack",
    "core.listpack_edit",
    "core.listpack_reply",
    "core.quicklist",
    "core.quicklist_items",
    "core.quicklist_edit",
    "core.geohash",
    "core.intset",
    "core.sorter",
    "core.hash_listpack",
    "core.hash_value",
    "core.table_sample",
    "core.lzf",
    "core.stream_id",
    "core.stream_radix",
    "core.stream_log",
    "core.stream_index",
    "core.stream_block",
    "core.stream_store",
    "core.stream_group",
    "core.distinct",
    "core.rdb_format",
    "core.rdb_legacy",
    "core.file_sink",
    "core.rdb_stream",
    "core.command_writer",
    "core.lua",
    "core.lua_guards",
    "core.lua_sandbox",
    "core.lua_bit",
    "core.lua_struct",
    "core.lua_msgpack",
    "core.lua_json_settings",
    "core.lua_json_encode",
    "core.lua_json_decode",
    "core.lua_json",
    "core.lua_reply",
    "core.lua_run",
    # keyspace: databases and what ages in them
    "keyspace.database",
    "keyspace.field_expiry",
    "keyspace.expiry",
    "keyspace.eviction",
    "keyspace.lazyfree",
    # types: values, no replies
    "types.string",
    "types.list",
    "types.bitmap",
    "types.hyperloglog",
    "types.set",
    "types.set_chance",
    "types.hash",
    "types.hash_expiry",
    "types.hash_random",
    "types.sorted_set_listpack",
    "types.sorted_set",
    "types.sorted_set_range",
    "types.sorted_set_build",
    "types.sorted_set_algebra",
    "types.sorted_set_sample",
    "types.geo",
    "types.stream",
    "types.stream_groups",
    "types.rdb_save",
    "types.rdb_parts",
    "types.rdb_save_stream",
    "types.save_job",
    "types.snapshot",
    "types.aof_rewrite_stream",
    "types.aof_rewrite",
    "types.rdb_load_stream",
    "types.rdb_load_list",
    "types.rdb_load_tables",
    "types.rdb_load",
    "types.rdb_skip",
    "types.rdb_file",
    # engine: from bytes on a connection to a call of a handler
    "engine.declare",
    "engine.keys",
    "engine.command",
    "engine.propagation",
    "engine.state",
    "engine.client",
    "engine.blocking",
    "engine.poller",
    "engine.pubsub",
    "engine.tracking",
    "engine.monitor",
    "engine.dispatch",
    "engine.pause",
    "engine.connection",
    "engine.replay",
    "engine.script",
    "engine.script_api",
    # commands: one module per family
    "commands.connection",
    "commands.generic",
    "commands.scan",
    "commands.transaction",
    "commands.scripting",
    "commands.functions",
    "commands.pubsub",
    "commands.big_reply",
    "commands.expiry",
    "commands.string",
    "commands.list",
    "commands.list_moving",
    "commands.blocking",
    "commands.lcs",
    "commands.bitmap",
    "commands.hyperloglog",
    "commands.set",
    "commands.set_algebra",
    "commands.sort",
    "commands.hash",
    "commands.hash_random",
    "commands.hash_expiry",
    "commands.sorted_set",
    "commands.sorted_set_range",
    "commands.sorted_set_algebra",
    "commands.sorted_set_random",
    "commands.sorted_set_pop",
    "commands.geo",
    "commands.geo_search",
    "commands.stream",
    "commands.stream_propagation",
    "commands.stream_read",
    "commands.stream_group",
    "commands.stream_pending",
    "commands.stream_info",
    "commands.dump",
    "commands.persistence",
    "commands.server",
    "commands.append_only",
    "commands.clients",
    "commands.tracking",
    "commands.command_info",
    "commands.introspection",
    "commands.debug",
    "commands.digest",
)

VARIANT = os.environ.get("PYRITE_BUILD", "release")

# Unsafe directives are the default because the compiled tiers check lengths themselves, before use; the debug variant
# turns Cython's own checks back on to catch the place where one is forgotten.
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "embedsignature": False,
}
DEBUG_DIRECTIVES = DIRECTIVES | {"boundscheck": True, "initializedcheck": True, "nonecheck": True}

# What -Wextra says about the code that Cython generates, not about ours.
QUIET = ("-Wno-unused-parameter", "-Wno-missing-field-initializers", "-Wno-cast-function-type")
COMMON_FLAGS = ("-fvisibility=hidden", "-Wall", "-Wextra", *QUIET)
FLAGS = {
    # -fwrapv: an overflow that slipped past a check must wrap, not license the optimiser.
    "release": ("-O2", "-fno-semantic-interposition", "-fwrapv"),
    "debug": ("-O0", "-g", "-UNDEBUG", "-fwrapv"),
    # Without -fwrapv UndefinedBehaviorSanitizer reports every signed overflow.
    "asan": (
        "-O1",
        "-g",
        "-fno-wrapv",
        "-fno-omit-frame-pointer",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=undefined",
    ),
}
LINK_FLAGS = {"release": (), "debug": (), "asan": ("-fsanitize=address,undefined",)}

if VARIANT not in FLAGS:
    raise SystemExit(f"PYRITE_BUILD must be one of {', '.join(FLAGS)}, not {VARIANT!r}")

WERROR = ("-Werror",) if os.environ.get("PYRITE_WERROR") == "1" else ()
LINETRACE = VARIANT == "debug" and os.environ.get("PYRITE_LINETRACE") == "1"
GENERATED = Path("build/cython") / VARIANT
SETTINGS = GENERATED / "settings.json"
# What reads the processor's counter of time; 0 where none is known.
TICKS = "__builtin_ia32_rdtsc()" if platform.machine() in {"x86_64", "AMD64", "i686"} else "0"
MACROS = [("PYRITE_PLAIN_MALLOC", "1" if VARIANT == "asan" else "0"), ("PYRITE_TICKS()", TICKS)]


def directives() -> dict[str, Any]:
    """Return Cython's directives for the variant."""
    chosen: dict[str, Any] = dict(DEBUG_DIRECTIVES if VARIANT == "debug" else DIRECTIVES)
    if LINETRACE:
        chosen["linetrace"] = True
    return chosen


def source_of(module: str) -> Path:
    """Return the source file of a compiled module, given by its name below `pyrite`."""
    return Path("pyrite", *module.split(".")).with_suffix(".py")


def chosen_modules() -> list[str]:
    """Return the modules to build: all, or those that PYRITE_MODULES names."""
    wanted = os.environ.get("PYRITE_MODULES", "").split() or list(COMPILED)
    unknown = [name for name in wanted if name not in COMPILED]
    if unknown:
        raise SystemExit(f"not among COMPILED of setup.py: {', '.join(unknown)}")
    missing = [str(source_of(name)) for name in wanted if not source_of(name).is_file()]
    if missing:
        raise SystemExit(f"compiled modules without a source: {', '.join(missing)}")
    return wanted


def extension(module: str) -> Extension:
    """Return the extension of one compiled module."""
    macros = [*MACROS, ("CYTHON_TRACE", "1")] if LINETRACE else MACROS
    return Extension(
        f"pyrite.{module}",
        [str(source_of(module))],
        define_macros=macros,
        extra_compile_args=[*COMMON_FLAGS, *FLAGS[VARIANT], *WERROR],
        extra_link_args=list(LINK_FLAGS[VARIANT]),
    )


class BuildExt(build_ext):
    """Runs Cython with warnings as errors, then the C compiler on all cores."""

    def run(self) -> None:
        """Generate the C of all extensions and compile what changed."""
        self._forget_other_settings()
        self.parallel = self.parallel or len(os.sched_getaffinity(0))
        Options.warning_errors = True
        # The flag above is a module variable, so the workers have to be forks of this process.
        multiprocessing.set_start_method("fork", force=True)
        try:
            generated = cythonize(
                self.extensions,
                build_dir=str(GENERATED),
                compiler_directives=directives(),
                nthreads=self.parallel,
                annotate=VARIANT == "debug",
                quiet=self.verbose < 1,
            )
        except CompileError as error:
            raise SystemExit(f"Cython: see above for what is wrong in {error}") from None
        sources = {done.name: done.sources for done in generated}
        for ext in self.extensions:
            ext.sources = sources[ext.name]
        super().run()
        if self.inplace:
            self._remove_strangers()
        if VARIANT == "debug":
            collect_annotations()

    def _forget_other_settings(self) -> None:
        """Throw generated C away when it was made with other flags, directives or tools than today's."""
        settings = json.dumps(
            {
                "cython": Cython.__version__,
                "python": sysconfig.get_config_var("EXT_SUFFIX"),
                "directives": directives(),
                "compile": [*COMMON_FLAGS, *FLAGS[VARIANT]],
                "link": LINK_FLAGS[VARIANT],
                "macros": MACROS,
            },
            indent=1,
        )
        if SETTINGS.is_file() and SETTINGS.read_text() == settings:
            return
        shutil.rmtree(GENERATED, ignore_errors=True)
        GENERATED.mkdir(parents=True)
        SETTINGS.write_text(settings)

    def _remove_strangers(self) -> None:
        """Remove extension modules from the source tree that are not in the list any more."""
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        known = {source_of(name).with_suffix(suffix) for name in COMPILED}
        for path in Path("pyrite").rglob(f"*{suffix}"):
            if path not in known:
                path.unlink()


class BuildPy(build_py):
    """Leaves the sources of compiled modules out of the wheel, so that they can never be imported uncompiled."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        """Return the (package, module, file) triples of a package that stay Python."""
        compiled = {f"pyrite.{name}" for name in COMPILED}
        found = super().find_package_modules(package, package_dir)
        return [triple for triple in found if f"{triple[0]}.{triple[1]}" not in compiled]


def collect_annotations() -> None:
    """Copy the annotated HTML of the debug variant to build/annotate, one file per module."""
    target = Path("build/annotate")
    target.mkdir(parents=True, exist_ok=True)
    for page in GENERATED.rglob("*.html"):
        shutil.copyfile(page, target / ".".join(page.relative_to(GENERATED).parts))


if __name__ == "__main__":
    setup(
        ext_modules=[extension(module) for module in chosen_modules()],
        cmdclass={"build_ext": BuildExt, "build_py": BuildPy},
    )
