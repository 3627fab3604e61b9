"""COMMAND: the command table as clients see it.

What a command is, as COMMAND INFO and COMMAND DOCS tell it, is first put together as a plain value of dicts, tuples and
strings, then sent by one function. The shapes follow the documentation of COMMAND and COMMAND DOCS at redis.io: in
RESP3 flags, categories, tips, key specs and history are sets, and what has names is a map.
"""

import cython
from cython.cimports.pyrite.core.glob import glob_match
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.command import Command
from cython.cimports.pyrite.engine.declare import Argument, KeySpec

from pyrite.core.errors import SYNTAX, CommandError
from pyrite.engine.command import all_commands, command, commands, find_command, help_of
from pyrite.engine.declare import (
    ACL,
    ACL_NAMES,
    ARGUMENT_FLAG_NAMES,
    DOC_FLAG_NAMES,
    FLAG_NAMES,
    KEY_FLAG_NAMES,
    LOADING,
    NO_MANDATORY_KEYS,
    NONDETERMINISTIC_OUTPUT_ORDER,
    NOT_KEY,
    SENTINEL,
    SERVER,
    STALE,
    acl_category,
    legacy_range,
    multiple,
    names_of,
    one_of,
    optional,
    pattern,
    string,
)
from pyrite.engine.keys import extract_keys

INVALID_COMMAND = b"ERR Invalid command specified"
NO_KEY_ARGUMENTS = b"ERR The command has no key arguments"
INVALID_ARGUMENT_COUNT = b"ERR Invalid number of arguments specified for command"
INVALID_ARGUMENTS = b"ERR Invalid arguments specified for command"


class _Set(tuple):
    """Elements in no order: a set in RESP3."""

    __slots__ = ()


class _Status(str):
    """A simple string."""

    __slots__ = ()


def _statuses(names: list) -> _Set:
    return _Set([_Status(name) for name in names])


# What a command is, as plain values -----------------------------------------------------------------------------------


def describe(subject: Command) -> list:
    """Return what COMMAND INFO tells of a command."""
    first, last, step, _ = legacy_range(subject.keys)
    return [
        subject.name,
        subject.arity,
        _statuses(names_of(subject.flags, FLAG_NAMES)),
        first,
        last,
        step,
        _statuses(["@" + name for name in names_of(subject.acl, ACL_NAMES)]),
        _Set(subject.tips),
        _Set([_describe_key_spec(spec) for spec in subject.keys]),
        [describe(each) for each in subject.subcommands.values()] if subject.subcommands else _Set(),
    ]


def _describe_key_spec(spec: KeySpec) -> dict:
    described = {}
    if spec.notes is not None:
        described["notes"] = spec.notes
    described["flags"] = _statuses(names_of(spec.flags, KEY_FLAG_NAMES))
    described["begin_search"] = {"type": spec.begin_search, "spec": _begin_search(spec)}
    described["find_keys"] = {"type": spec.find_keys, "spec": _find_keys(spec)}
    return described


def _begin_search(spec: KeySpec) -> dict:
    if spec.begin_search == "index":
        return {"index": spec.start}
    if spec.begin_search == "keyword":
        return {"keyword": spec.keyword, "startfrom": spec.start}
    return {}


def _find_keys(spec: KeySpec) -> dict:
    if spec.find_keys == "range":
        return {"lastkey": spec.last, "keystep": spec.step, "limit": spec.limit}
    if spec.find_keys == "keynum":
        return {"keynumidx": spec.count_index, "firstkey": spec.first, "keystep": spec.step}
    return {}


def document(subject: Command) -> dict:
    """Return what COMMAND DOCS tells of a command."""
    documented = {
        "summary": subject.summary,
        "since": subject.since,
        "group": subject.group,
        "complexity": subject.complexity,
        "doc_flags": _statuses(names_of(subject.doc_flags, DOC_FLAG_NAMES)),
        "deprecated_since": subject.deprecated_since,
        "replaced_by": subject.replaced_by,
        "history": _Set(subject.history),
        "arguments": [_document_argument(argument) for argument in subject.args],
        "subcommands": {each.name: document(each) for each in subject.subcommands.values()},
    }
    return _without_empty(documented)


def _document_argument(argument: Argument) -> dict:
    documented = {
        "name": argument.name,
        "type": argument.type,
        "display_text": argument.display,
        "key_spec_index": argument.key_spec_index if argument.key_spec_index >= 0 else None,
        "token": argument.token,
        "since": argument.since,
        "deprecated_since": argument.deprecated_since,
        "flags": _statuses(names_of(argument.flags, ARGUMENT_FLAG_NAMES)),
        "arguments": [_document_argument(each) for each in argument.arguments],
    }
    return _without_empty(documented)


def _without_empty(fields: dict) -> dict:
    return {name: value for name, value in fields.items() if value or value == 0}


def _send(reply: Reply, value) -> None:
    """Send a value that `describe` or `document` put together."""
    if isinstance(value, dict):
        reply.map(len(value))
        for name, content in value.items():
            _send(reply, name)
            _send(reply, content)
    elif isinstance(value, (list, tuple)):
        if isinstance(value, _Set):
            reply.set_(len(value))
        else:
            reply.array(len(value))
        for element in value:
            _send(reply, element)
    elif isinstance(value, _Status):
        reply.simple(value.encode())
    elif isinstance(value, str):
        reply.bulk(value.encode())
    elif isinstance(value, bytes):
        reply.bulk(value)
    else:
        reply.integer(value)


# The commands ---------------------------------------------------------------------------------------------------------


@command(
    "COMMAND",
    arity=-1,
    flags=LOADING | STALE | SENTINEL,
    group=SERVER,
    acl=ACL.CONNECTION,
    since="2.8.13",
    complexity="O(N), where N is the number of commands.",
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
)
def command_(client: Client, args: Args) -> None:
    """Describe all commands."""
    _send(client.reply, [describe(each) for each in commands.values()])


@command(
    "COMMAND|COUNT",
    arity=2,
    flags=LOADING | STALE | SENTINEL,
    group=SERVER,
    acl=ACL.CONNECTION,
    since="2.8.13",
    complexity="O(1)",
)
def command_count(client: Client, args: Args) -> None:
    """Return how many commands there are."""
    client.reply.integer(len(commands))


@command(
    "COMMAND|DOCS",
    arity=-2,
    flags=LOADING | STALE | SENTINEL,
    group=SERVER,
    acl=ACL.CONNECTION,
    since="7.0.0",
    complexity="O(N), where N is the number of commands looked up.",
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
    args=(optional(multiple(string("command-name"))),),
)
def command_docs(client: Client, args: Args) -> None:
    """Return the documentation of commands: the given ones, or all."""
    found: list = [find_command(name) for name in args.tail(2)] if args.argc > 2 else list(commands.values())
    found = [each for each in found if each is not None]
    client.reply.map(len(found))
    for each in found:
        _send(client.reply, each.name)
        _send(client.reply, document(each))


@command(
    "COMMAND|INFO",
    arity=-2,
    flags=LOADING | STALE | SENTINEL,
    group=SERVER,
    acl=ACL.CONNECTION,
    since="2.8.13",
    complexity="O(N), where N is the number of commands looked up.",
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
    history=(("7.0.0", "All commands when none is named."),),
    args=(optional(multiple(string("command-name"))),),
)
def command_info(client: Client, args: Args) -> None:
    """Describe commands: the given ones, or all."""
    if args.argc == 2:
        command_(client, args)
        return
    client.reply.array(args.argc - 2)
    for name in args.tail(2):
        found = find_command(name)
        if found is None:
            client.reply.null()
        else:
            _send(client.reply, describe(found))


@command(
    "COMMAND|LIST",
    arity=-2,
    flags=LOADING | STALE | SENTINEL,
    group=SERVER,
    acl=ACL.CONNECTION,
    since="7.0.0",
    complexity="O(N), where N is the number of commands.",
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
    args=(
        optional(
            one_of(
                "filterby",
                string("module-name", token="MODULE"),
                string("category", token="ACLCAT"),
                pattern(token="PATTERN"),
                token="FILTERBY",
            )
        ),
    ),
)
def command_list(client: Client, args: Args) -> None:
    """Return the names of all commands, or of those that a filter lets through."""
    if args.argc == 2:
        chosen = all_commands()
    elif args.argc == 5 and args.is_token(2, b"filterby"):
        chosen = _filtered(args[3].lower(), args[4])
    else:
        raise CommandError(SYNTAX)
    _send(client.reply, [each.name for each in chosen])


def _filtered(kind: bytes, wanted: bytes) -> list:
    """Return the commands, subcommands among them, that one of COMMAND LIST's filters lets through."""
    if kind == b"module":
        return []  # no command comes from a module
    if kind == b"aclcat":
        category = acl_category(wanted.decode("latin-1"))
        return [each for each in all_commands() if each.acl & category]
    if kind == b"pattern":
        return [each for each in all_commands() if _matches(wanted, each.wire_name)]
    raise CommandError(SYNTAX)


@cython.cfunc
@cython.exceptval(-1, check=True)
def _matches(pattern: bytes, name: bytes) -> cython.int:
    return glob_match(pattern, len(pattern), name, len(name), True)


@command(
    "COMMAND|GETKEYS",
    arity=-3,
    flags=LOADING | STALE | SENTINEL,
    group=SERVER,
    acl=ACL.CONNECTION,
    since="2.8.13",
    complexity="O(N), where N is the number of arguments.",
    args=(string("command"), optional(multiple(string("arg")))),
)
def command_getkeys(client: Client, args: Args) -> None:
    """Return the keys among the arguments of a full command."""
    _send(client.reply, [args[2 + index] for index, _ in _keys_of_inner(args)])


@command(
    "COMMAND|GETKEYSANDFLAGS",
    arity=-3,
    flags=LOADING | STALE | SENTINEL,
    group=SERVER,
    acl=ACL.CONNECTION,
    since="7.0.0",
    complexity="O(N), where N is the number of arguments.",
    args=(string("command"), optional(multiple(string("arg")))),
)
def command_getkeysandflags(client: Client, args: Args) -> None:
    """Return the keys among the arguments of a full command, and what it does with each."""
    found = _keys_of_inner(args)
    _send(client.reply, [(args[2 + index], _statuses(names_of(flags, KEY_FLAG_NAMES))) for index, flags in found])


def _inner_command(args: Args) -> Command | None:
    """Return the command whose name stands at index 2, or the subcommand that the word after it names."""
    found: Command = commands.get(args[2].lower().decode("latin-1"))
    if found is None or not found.subcommands or args.argc == 3:
        return found
    return found.subcommands.get(args[3].lower().decode("latin-1"))


def _keys_of_inner(args: Args) -> list:
    """Return (index, flags) of the keys of the command that stands in the arguments of another, from index 2 on."""
    inner = _inner_command(args)
    if inner is None:
        raise CommandError(INVALID_COMMAND)
    if all(spec.flags & NOT_KEY for spec in inner.keys):
        raise CommandError(NO_KEY_ARGUMENTS)
    argc: cython.Py_ssize_t = args.argc - 2
    if argc != inner.arity if inner.arity > 0 else argc < -inner.arity:
        raise CommandError(INVALID_ARGUMENT_COUNT)
    found = extract_keys(inner.keys, args, 2)
    if found:
        return found
    if inner.flags & NO_MANDATORY_KEYS:
        return []
    raise CommandError(INVALID_ARGUMENTS)


help_of("COMMAND", since="5.0.0", flags=LOADING | STALE | SENTINEL, acl=ACL.CONNECTION)
