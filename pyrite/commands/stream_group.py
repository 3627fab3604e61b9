"""XGROUP: consumer groups and their consumers, made, set and deleted."""

import cython
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.stream_group import (
    ENTRIES_READ_UNKNOWN,
    StreamConsumer,
    StreamGroup,
    consumer_destroy,
    consumer_find,
    group_create,
    group_destroy,
    group_find,
)
from cython.cimports.pyrite.core.stream_id import StreamID, stream_id, stream_id_parse_any
from cython.cimports.pyrite.core.stream_store import Stream
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_STREAM, Database
from cython.cimports.pyrite.types.stream import stream_create, stream_id_argument, stream_write
from cython.cimports.pyrite.types.stream_groups import consumer_join

from pyrite.core.errors import CommandError, quoted
from pyrite.engine.command import command, container, help_of
from pyrite.engine.declare import (
    DELETE,
    DENYOOM,
    INSERT,
    RW,
    STREAM,
    UPDATE,
    WRITE,
    integer,
    key,
    key_at,
    one_of,
    optional,
    string,
    token,
)
from pyrite.types.stream import INVALID_ID

KEY_MISSING = (
    b"ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM "
    b"option to create an empty stream automatically."
)
GROUP_EXISTS = b"BUSYGROUP Consumer Group name already exists"
NEGATIVE_ENTRIES_READ = b"ERR value for ENTRIESREAD must be positive or -1"


def no_group_for_key(key: bytes, group: bytes) -> bytes:
    """The reply to a subcommand that needs a group, where it does not exist."""
    return b"NOGROUP No such consumer group '%b' for key name '%b'" % (quoted(group), quoted(key))


def wrong_subcommand(container_name: bytes, word: bytes) -> bytes:
    """The reply to a subcommand whose arguments are not of its form."""
    return b"ERR unknown subcommand or wrong number of arguments for '%b'. Try %b HELP." % (
        quoted(word[:128]),
        container_name,
    )


container(
    "XGROUP",
    arity=-2,
    group=STREAM,
    acl=0,
    since="5.0.0",
    complexity="Depends on the subcommand.",
    summary="Commands about the consumer groups of streams.",
)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse(args: Args, mkstream: cython.pointer[cython.bint], entries_read: cython.p_longlong) -> cython.int:
    """Read the options of CREATE, and of SETID, which knows no MKSTREAM."""
    i: cython.Py_ssize_t = 5
    entries_read[0] = ENTRIES_READ_UNKNOWN
    while i < args.argc:
        if mkstream != cython.NULL and args.equals(i, b"mkstream"):
            mkstream[0] = True
            i += 1
        elif args.equals(i, b"entriesread") and i + 1 < args.argc:
            entries_read[0] = args.integer(i + 1)
            if entries_read[0] < ENTRIES_READ_UNKNOWN:
                raise CommandError(NEGATIVE_ENTRIES_READ)
            i += 2
        else:
            raise CommandError(wrong_subcommand(b"XGROUP", args[1]))
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _find(
    client: Client,
    args: Args,
    s: cython.pointer[cython.pointer[Stream]],
    g: cython.pointer[cython.pointer[StreamGroup]],
) -> cython.int:
    """Find the stream and the group that a subcommand needs; raises CommandError without them."""
    s[0] = stream_write(client.db, args.v[2])
    if s[0] == cython.NULL:
        raise CommandError(KEY_MISSING)
    g[0] = group_find(s[0], args.v[3])
    if g[0] == cython.NULL:
        raise CommandError(no_group_for_key(args[2], args[3]))
    return 0


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _is_dollar(args: Args, i: cython.Py_ssize_t) -> cython.bint:
    return args.v[i].n == 1 and args.v[i].p[0] == b"$"


@cython.cfunc
@cython.exceptval(-1, check=False)
def _tell(client: Client, key: Slice, event: bytes) -> cython.int:
    """Say that a group changed. As in Redis that changes the data set, but not the key for those who watch it."""
    client.db.keyspace.dirty += 1
    client.db.notify(key, NOTIFY_STREAM, event)
    return 0


@command(
    "XGROUP|CREATE",
    arity=-5,
    flags=WRITE | DENYOOM,
    group=STREAM,
    since="5.0.0",
    complexity="O(1)",
    keys=(key_at(2, RW | INSERT),),
    history=(("7.0.0", "`ENTRIESREAD`."),),
    args=(
        key(),
        string("group"),
        one_of("id-selector", string("id"), token("$", "new-id")),
        optional(token("MKSTREAM")),
        optional(integer("entries-read", token="ENTRIESREAD")),
    ),
)
def xgroup_create(client: Client, args: Args) -> None:
    """Create a consumer group."""
    mkstream: cython.bint = False
    entries_read: cython.longlong = 0
    last_id: StreamID = stream_id(0, 0)
    db: Database = client.db
    _parse(args, cython.address(mkstream), cython.address(entries_read))
    s: cython.pointer[Stream] = stream_write(db, args.v[2])
    if s == cython.NULL and not mkstream:
        raise CommandError(KEY_MISSING)
    if args.argc > 8:
        raise CommandError(wrong_subcommand(b"XGROUP", args[1]))
    if not _is_dollar(args, 4):
        stream_id_argument(args, 4, cython.address(last_id))
    elif s != cython.NULL:
        last_id = s.last_id
    db.check_key(args.v[3])
    created: cython.bint = s == cython.NULL
    if created:
        s = stream_create(db, args.v[2])
    if group_create(s, args.v[3], last_id, entries_read) == cython.NULL:
        raise CommandError(GROUP_EXISTS)
    client.reply.ok()
    if created:
        db.changed(args.v[2], NOTIFY_STREAM, b"xgroup-create")
    else:
        _tell(client, args.v[2], b"xgroup-create")


@command(
    "XGROUP|SETID",
    arity=-5,
    flags=WRITE,
    group=STREAM,
    since="5.0.0",
    complexity="O(1)",
    keys=(key_at(2, RW | UPDATE),),
    history=(("7.0.0", "`ENTRIESREAD`."),),
    args=(
        key(),
        string("group"),
        one_of("id-selector", string("id"), token("$", "new-id")),
        optional(integer("entriesread", token="ENTRIESREAD", display="entries-read")),
    ),
)
def xgroup_setid(client: Client, args: Args) -> None:
    """Set which entry a consumer group has read last."""
    s: cython.pointer[Stream] = cython.NULL
    g: cython.pointer[StreamGroup] = cython.NULL
    entries_read: cython.longlong = 0
    last_id: StreamID
    _parse(args, cython.NULL, cython.address(entries_read))
    _find(client, args, cython.address(s), cython.address(g))
    if args.argc > 7:
        raise CommandError(wrong_subcommand(b"XGROUP", args[1]))
    last_id = s.last_id
    if not _is_dollar(args, 4) and not stream_id_parse_any(args.v[4].p, args.v[4].n, 0, cython.address(last_id)):
        raise CommandError(INVALID_ID)
    g.last_id = last_id
    g.entries_read = entries_read
    client.reply.ok()
    _tell(client, args.v[2], b"xgroup-setid")


@command(
    "XGROUP|DESTROY",
    arity=4,
    flags=WRITE,
    group=STREAM,
    since="5.0.0",
    complexity="O(N), where N is the number of entries that are pending in the group.",
    keys=(key_at(2, RW | DELETE),),
    args=(key(), string("group")),
)
def xgroup_destroy(client: Client, args: Args) -> None:
    """Delete a consumer group with all that is pending in it."""
    s: cython.pointer[Stream] = stream_write(client.db, args.v[2])
    if s == cython.NULL:
        raise CommandError(KEY_MISSING)
    g: cython.pointer[StreamGroup] = group_find(s, args.v[3])
    client.reply.integer(g != cython.NULL)
    if g != cython.NULL:
        group_destroy(s, g)
        # Consumers that wait are told that the group is gone.
        client.db.changed(args.v[2], NOTIFY_STREAM, b"xgroup-destroy")


@command(
    "XGROUP|CREATECONSUMER",
    arity=5,
    flags=WRITE | DENYOOM,
    group=STREAM,
    since="6.2.0",
    complexity="O(1)",
    keys=(key_at(2, RW | INSERT),),
    args=(key(), string("group"), string("consumer")),
)
def xgroup_createconsumer(client: Client, args: Args) -> None:
    """Create a consumer in a group."""
    s: cython.pointer[Stream] = cython.NULL
    g: cython.pointer[StreamGroup] = cython.NULL
    created: cython.bint = False
    _find(client, args, cython.address(s), cython.address(g))
    consumer_join(client.db, args.v[2], g, args.v[4], cython.address(created))
    client.reply.integer(created)


@command(
    "XGROUP|DELCONSUMER",
    arity=5,
    flags=WRITE,
    group=STREAM,
    since="5.0.0",
    complexity="O(1)",
    keys=(key_at(2, RW | DELETE),),
    args=(key(), string("group"), string("consumer")),
)
def xgroup_delconsumer(client: Client, args: Args) -> None:
    """Delete a consumer with what is pending with it, and return how many entries that was."""
    s: cython.pointer[Stream] = cython.NULL
    g: cython.pointer[StreamGroup] = cython.NULL
    _find(client, args, cython.address(s), cython.address(g))
    consumer: cython.pointer[StreamConsumer] = consumer_find(g, args.v[4])
    client.reply.integer(0 if consumer == cython.NULL else consumer.pending.count)
    if consumer != cython.NULL:
        consumer_destroy(g, consumer)
        _tell(client, args.v[2], b"xgroup-delconsumer")


help_of("XGROUP", since="5.0.0")
