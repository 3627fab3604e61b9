"""The words of declarations: derived ACL categories, legacy key ranges, syntax lines."""

import pytest

from pyrite.engine.declare import (
    ACL,
    ACL_NAMES,
    ADMIN,
    BLOCKING,
    FAST,
    GENERIC,
    INCOMPLETE,
    LIST,
    MULTIPLE,
    OPTIONAL,
    OW,
    READONLY,
    RO,
    SCRIPTING,
    SERVER,
    STRING,
    WRITE,
    KeySpec,
    acl_categories,
    acl_category,
    block,
    integer,
    key,
    key_after,
    key_at,
    key_range,
    keys_by_count,
    keys_unknown,
    legacy_range,
    multiple,
    names_of,
    one_of,
    optional,
    pattern,
    string,
    syntax,
    token,
    unix_time,
)


@pytest.mark.parametrize(
    ("group", "flags", "acl", "expected"),
    [
        (STRING, READONLY | FAST, None, {"read", "string", "fast"}),
        (STRING, WRITE, None, {"write", "string", "slow"}),
        (LIST, WRITE | BLOCKING, None, {"write", "list", "slow", "blocking"}),
        (SERVER, ADMIN, None, {"admin", "dangerous", "slow"}),
        (SERVER, 0, ACL.KEYSPACE, {"keyspace", "slow"}),
        (GENERIC, 0, 0, {"slow"}),
        (SCRIPTING, READONLY, None, {"scripting", "slow"}),
    ],
)
def test_categories_follow_from_group_and_flags(group: str, flags: int, acl: int | None, expected: set[str]) -> None:
    assert set(names_of(acl_categories(group, flags, acl), ACL_NAMES)) == expected


def test_categories_by_name() -> None:
    assert acl_category("SortedSet") == ACL.SORTEDSET
    assert acl_category("nope") == 0
    assert len(ACL_NAMES) == 21


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        ((), (0, 0, 0, False)),
        ((key_at(1, RO),), (1, 1, 1, False)),
        ((key_range(1, -1, RO, step=2),), (1, -1, 2, False)),
        ((key_range(1, 1, RO),), (1, 2, 1, False)),
        ((key_at(1, RO | INCOMPLETE),), (1, 1, 1, True)),
        ((key_at(1, RO), key_at(2, OW)), (1, 2, 1, False)),
        ((key_at(2, OW), key_range(3, -1, RO)), (2, -1, 1, False)),
        ((key_at(1, RO), key_at(3, OW)), (1, 1, 1, True)),
        ((key_at(1, OW), keys_by_count(2, RO)), (1, 1, 1, True)),
        ((keys_by_count(1, RO),), (0, 0, 0, True)),
        ((keys_unknown(RO),), (0, 0, 0, True)),
        ((key_at(1, RO), key_after("STORE", 6, OW)), (1, 1, 1, True)),
    ],
)
def test_legacy_range(specs: tuple[KeySpec, ...], expected: tuple[int, int, int, bool]) -> None:
    assert legacy_range(specs) == expected


def test_syntax_of_an_argument_tree() -> None:
    arguments = (
        key(),
        multiple(block("data", key(), string("value"))),
        optional(one_of("condition", token("NX"), token("XX"))),
        optional(one_of("expiration", integer("seconds", token="EX"), unix_time("when", token="PXAT"))),
        one_of("mode", token("ON"), token("OFF"), token="MODE"),
        optional(one_of("type", token("A"), token("B"), token="TYPE")),
        optional(multiple(pattern("p", token="GET"), repeat_token=True)),
        optional(multiple(integer("client-id", token="ID"))),
        string("addr", token="ADDR", display="ip:port"),
    )
    assert syntax(arguments) == (
        "key key value [key value ...] [NX | XX] [EX seconds | PXAT when] MODE <ON | OFF> "
        "[TYPE <A | B>] [GET p [GET p ...]] [ID client-id [client-id ...]] ADDR ip:port"
    )


def test_arguments_and_key_specs_cannot_be_changed() -> None:
    argument = key()
    with pytest.raises(AttributeError):
        argument.name = "other"
    with pytest.raises(AttributeError):
        key_at(1, RO).flags = 0


def test_flags_are_added_to_a_copy() -> None:
    plain = string("value")
    both = optional(multiple(plain))
    assert both.flags == OPTIONAL | MULTIPLE
    assert plain.flags == 0
    assert (both.name, both.type, both.display) == ("value", "string", "value")
