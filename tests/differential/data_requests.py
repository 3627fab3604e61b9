"""Requests of the commands that read and write data, by the type of it."""

from hypothesis import strategies as st

from tests.differential.arguments import (
    FAR_S,
    LEVEL_KEY,
    LONGLONG_MAX,
    Part,
    any_key,
    at_ms,
    at_s,
    bit_offset,
    bitmap_key,
    byte_offset,
    consumer_name,
    database,
    decimal,
    double,
    element,
    entry_id,
    geo_key,
    group_name,
    hash_key,
    id_bound,
    integer,
    list_key,
    many,
    maybe,
    member,
    member_bound,
    new_id,
    number,
    number_key,
    odd_integer,
    options,
    place,
    place_name,
    rank,
    relative_ms,
    relative_s,
    row,
    score,
    score_bound,
    set_key,
    sketch_key,
    sketch_value,
    small,
    sorted_set_key,
    stream_key,
    string_key,
    value,
    word,
    words,
)
from tests.differential.families import family
from tests.models import rdb


def timed(*more: st.SearchStrategy[Part]) -> list[st.SearchStrategy[Part]]:
    """Return the options that say when a key expires, after others."""
    return [
        *more,
        row(word("ex"), relative_s),
        row(word("px"), relative_ms),
        row(word("exat"), at_s),
        row(word("pxat"), at_ms),
    ]


# Strings

string = family("string")
pairs = many(row(string_key, value), least=1)
string("get", any_key)
string("set", any_key, value, options(*timed(word("nx"), word("xx"), word("get"), word("keepttl"))))
string("setnx", string_key, value)
string("setex", string_key, relative_s, value)
string("psetex", string_key, relative_ms, value)
string("getset", string_key, value)
string("getdel", any_key)
string("getex", any_key, options(*timed(word("persist")), most=2))
string("mget", many(any_key, least=1))
string("mset", pairs)
string("msetnx", pairs)
string("append", st.one_of(string_key, number_key), value)
string("strlen", any_key)
string("setrange", string_key, byte_offset, value)
string("getrange", any_key, byte_offset, byte_offset)
string("substr", any_key, byte_offset, byte_offset)
string(
    "lcs",
    string_key,
    string_key,
    options(word("len"), word("idx"), word("withmatchlen"), row(word("minmatchlen"), integer)),
)

counter = family("counter")
counter("set", number_key, number)
counter("get", number_key)
counter("incr", number_key)
counter("decr", number_key)
counter("incrby", number_key, integer)
counter("decrby", number_key, integer)
counter("incrbyfloat", number_key, double)

# Bitmaps

bitmap = family("bitmap")
bit = st.sampled_from([b"0", b"1", b"0", b"1", b"0", b"1", b"2", b"-1", b"", b"x"])
unit = words("byte", "bit")
field_type = st.one_of(
    st.tuples(st.sampled_from([b"u", b"i"]), st.integers(1, 64).map(lambda n: b"%d" % n)).map(b"".join),
    st.sampled_from([b"u8", b"i8", b"u0", b"i65", b"u64", b"U8", b"x8", b"u", b"", b"u-1", b"i 8", b"u08"]),
)
# In fields of the type's width. Where that product overflows 64 bits Redis wraps it around; no test depends on that.
field_number = st.one_of(st.integers(-2, 2**56).map(decimal), st.integers(0, 50).map(decimal), odd_integer)
field_offset = st.one_of(bit_offset, bit_offset, field_number.map(lambda at: b"#" + at))
get_field = row(word("get"), field_type, field_offset)
bitmap("setbit", bitmap_key, bit_offset, bit)
bitmap("getbit", bitmap_key, bit_offset)
bitmap("bitcount", any_key, maybe(byte_offset, byte_offset, maybe(unit)))
bitmap("bitpos", any_key, bit, maybe(byte_offset, maybe(byte_offset, maybe(unit))))
bitmap("bitop", words("and", "or", "xor", "not"), bitmap_key, many(any_key, least=1))
bitmap("bitop", words("not"), bitmap_key, any_key)
bitmap(
    "bitfield",
    bitmap_key,
    options(
        get_field,
        row(word("set"), field_type, field_offset, integer),
        row(word("incrby"), field_type, field_offset, integer),
        row(word("overflow"), words("wrap", "sat", "fail", "none")),
        most=5,
    ),
)
bitmap(
    "bitfield_ro", any_key, options(get_field, get_field, get_field, row(word("set"), field_type, field_offset, small))
)

# HyperLogLog

sketch = family("sketch")
some_elements = many(value, most=6)
many_elements = st.tuples(st.integers(0, 100), st.integers(0, 700)).map(
    lambda span: [b"element-%d" % each for each in range(span[0], sum(span))]
)
sketch("pfadd", sketch_key, some_elements)
sketch("pfadd", sketch_key, many_elements)
sketch("pfcount", many(sketch_key, least=1))
sketch("pfmerge", many(sketch_key, least=1))
sketch("pfdebug", words("encoding", "todense", "decode", "getreg", "nosuch"), sketch_key)
sketch("set", sketch_key, sketch_value)
sketch("strlen", sketch_key)

# Sets

sets = family("set")
some_members = many(member, least=1, most=6)
# Past the limits on the entries of intsets and of listpacks.
many_members = st.tuples(
    st.sampled_from([b"%d", b"member-%d"]), st.integers(0, 100), st.sampled_from([5, 100, 128, 129, 300, 512, 513, 700])
).map(lambda span: [span[0] % each for each in range(span[1], span[1] + span[2])])
set_keys = many(set_key, least=1)
sets("sadd", set_key, some_members)
sets("sadd", set_key, many_members)
sets("srem", set_key, st.one_of(some_members, many_members))
sets("smove", set_key, set_key, member)
sets("scard", any_key)
sets("sismember", any_key, member)
sets("smismember", any_key, some_members)
sets("smembers", any_key)
sets("srandmember", any_key, maybe(st.one_of(integer, st.sampled_from([b"100", b"-100", b"1000"]))))
sets("sinter", set_keys)
sets("sunion", set_keys)
sets("sdiff", set_keys)
sets("sinterstore", set_key, set_keys)
sets("sunionstore", set_key, set_keys)
sets("sdiffstore", set_key, set_keys)
sets("sintercard", st.sampled_from([b"1", b"2", b"2", b"3"]), set_keys, options(row(word("limit"), small), most=1))
sets(
    "sscan",
    any_key,
    st.sampled_from([b"0", b"0", b"0", b"x"]),
    options(
        row(word("match"), st.sampled_from([b"*", b"*1*", b"m*", b"nosuch"])),
        row(word("count"), st.sampled_from([b"1", b"10", b"1000000", b"0", b"x"])),
        word("novalues"),
    ),
)
sets("object", word("encoding"), set_key)
# Hashes: few fields, so that they are met again, and now and then enough for a hashtable

hashes = family("hash")
field = st.one_of(st.integers(0, 12).map(lambda n: b"field-%d" % n), st.integers(0, 12).map(decimal), value)
field_values = many(row(field, st.one_of(number, value)), least=1)
many_fields = st.tuples(st.integers(0, 30), st.sampled_from([20, 100, 600])).map(
    lambda span: [part for n in range(span[0], sum(span)) for part in (b"field-%d" % n, b"%d" % (n * n))]
)
hashes("hset", hash_key, field_values)
hashes("hset", hash_key, many_fields)
hashes("hmset", hash_key, field_values)
hashes("hsetnx", hash_key, field, value)
hashes("hget", hash_key, field)
hashes("hmget", hash_key, many(field, least=1))
hashes("hdel", hash_key, many(field, least=1))
hashes("hdel", hash_key, many_fields.map(lambda parts: parts[::2]))
hashes("hlen", hash_key)
hashes("hstrlen", hash_key, field)
hashes("hexists", hash_key, field)
hashes("hkeys", hash_key)
hashes("hvals", hash_key)
hashes("hgetall", hash_key)
hashes("hincrby", hash_key, field, integer)
hashes("hincrbyfloat", hash_key, field, double)
# Counts that ask for all or for nothing, or that are refused: a reply of others is drawn.
field_count = st.sampled_from([b"0", b"10000", str(LONGLONG_MAX).encode(), str(-LONGLONG_MAX - 1).encode(), b"x", b""])
hashes("hrandfield", hash_key, maybe(field_count, maybe(words("withvalues", "values"))))
hashes("hscan", hash_key, st.sampled_from([b"0", b"x", b""]), row(word("count"), st.just(b"100000")))
hashes(
    "hscan",
    hash_key,
    st.just(b"0"),
    row(word("count"), st.just(b"100000")),
    options(row(word("match"), st.sampled_from([b"*", b"field-1*", b"[0-9]", b""]))),
)
hashes("config|set", words("hash-max-listpack-entries"), st.sampled_from([b"0", b"5", b"128", b"512"]))
hashes("config|set", words("hash-max-listpack-value"), st.sampled_from([b"0", b"10", b"64", b"300"]))
hashes("object|encoding", hash_key)
hashes("debug", word("digest-value"), hash_key)
# Lists

lists = family("list")
element_index = st.one_of(small, st.integers(-90, 90).map(decimal), integer)
side = words("left", "right", "left", "right", "left", "right", "up")
some = many(element, least=1, most=5)
# Past the limits of a listpack.
very_many = st.tuples(st.integers(1, 300), element).map(lambda drawn: [drawn[1][:100]] * drawn[0])
for push_command in ("lpush", "rpush", "lpushx", "rpushx"):
    lists(push_command, list_key, st.one_of(some, some, very_many))
for pop_command in ("lpop", "rpop"):
    lists(pop_command, list_key, maybe(st.one_of(integer, st.integers(0, 300).map(decimal))))
lists("llen", any_key)
lists("lindex", list_key, element_index)
lists("lrange", list_key, element_index, element_index)
# Redis 7.2 takes an index of more than 32 bits for another one.
lists(
    "lset",
    list_key,
    st.one_of(small, st.integers(-90, 90).map(decimal), odd_integer.filter(lambda n: len(n) < 19)),
    element,
)
lists("linsert", list_key, words("before", "after", "before", "after", "beside"), element, element)
lists("lrem", list_key, element_index, element)
lists("ltrim", list_key, element_index, element_index)
lists(
    "lpos",
    list_key,
    element,
    options(row(word("rank"), integer), row(word("count"), integer), row(word("maxlen"), integer), word("nosuch")),
)
lists("lmove", list_key, list_key, side, side)
lists("rpoplpush", list_key, list_key)
sorting = options(word("alpha"), words("asc", "desc"), row(word("limit"), small, small), most=3)
lists("sort", list_key, sorting, maybe(word("store"), list_key))
lists("sort_ro", any_key, row(word("by"), words("nosort")), maybe(row(word("limit"), small, small)))
pop_many = row(side, maybe(word("count"), st.one_of(integer, st.integers(1, 300).map(decimal))))
one_key = row(st.sampled_from([b"1", b"1", b"1", b"0", b"2", b"x", b"-1"]), list_key)
two_keys = row(st.just(b"2"), list_key, list_key)
lists("lmpop", st.one_of(one_key, two_keys), pop_many)
lists("object|encoding", list_key)

waiting = family("waiting")
timeout_s = st.sampled_from([b"0.01", b"0.001", b"1e-3", b".01", b"-1", b"-inf", b"nan", b"x", b"", b"1 ", b"0.01\0"])
for waiting_command in ("blpop", "brpop"):
    waiting(waiting_command, many(list_key, least=1, most=3), timeout_s)
waiting("blmove", list_key, list_key, side, side, timeout_s)
waiting("brpoplpush", list_key, list_key, timeout_s)
waiting("blmpop", timeout_s, st.one_of(one_key, two_keys), pop_many)
# Sorted sets

sorted_set = family("sorted_set")
pairs_of_scores = many(row(score, member), least=1, most=6)
limit = row(word("limit"), rank, rank)
some_keys = st.lists(sorted_set_key, min_size=1, max_size=3).map(lambda keys: [b"%d" % len(keys), *keys])
sorted_set(
    "zadd",
    sorted_set_key,
    options(word("nx"), word("xx"), word("gt"), word("lt"), word("ch"), word("incr"), most=2),
    pairs_of_scores,
)
sorted_set("zadd", sorted_set_key, pairs_of_scores)
sorted_set("zincrby", sorted_set_key, score, member)
sorted_set("zrem", sorted_set_key, many(member, least=1))
sorted_set("zcard", any_key)
sorted_set("zscore", any_key, member)
sorted_set("zmscore", any_key, many(member, least=1))
sorted_set("zcount", any_key, score_bound, score_bound)
for rank_command in ("zrank", "zrevrank"):
    sorted_set(rank_command, sorted_set_key, member, maybe(words("withscore", "nosuch")))
sorted_set("zrange", any_key, rank, rank, options(word("rev"), word("withscores"), limit, most=2))
sorted_set(
    "zrange",
    sorted_set_key,
    score_bound,
    score_bound,
    word("byscore"),
    options(word("rev"), word("withscores"), limit, word("bylex"), most=3),
)
sorted_set("zrangestore", sorted_set_key, any_key, rank, rank, options(word("rev"), limit, word("withscores"), most=2))
sorted_set(
    "zrangestore",
    sorted_set_key,
    sorted_set_key,
    score_bound,
    score_bound,
    word("byscore"),
    options(word("rev"), limit, most=2),
)
sorted_set("zrevrange", any_key, rank, rank, options(word("withscores"), limit, most=2))
for score_command in ("zrangebyscore", "zrevrangebyscore"):
    sorted_set(score_command, any_key, score_bound, score_bound, options(word("withscores"), limit, most=2))
sorted_set("zremrangebyrank", sorted_set_key, rank, rank)
sorted_set("zremrangebyscore", sorted_set_key, score_bound, score_bound)
weighted = options(
    row(word("weights"), many(score, least=1, most=3)),
    row(word("aggregate"), words("sum", "min", "max", "avg")),
    word("withscores"),
    most=2,
)
for operation in ("zunion", "zinter"):
    sorted_set(operation, some_keys, weighted)
    sorted_set(operation + "store", sorted_set_key, some_keys, weighted)
sorted_set("zdiff", some_keys, options(word("withscores"), most=1))
sorted_set("zdiffstore", sorted_set_key, some_keys)
sorted_set("zintercard", some_keys, maybe(word("limit"), rank))
for pop in ("zpopmin", "zpopmax"):
    sorted_set(pop, sorted_set_key, maybe(rank))
# Where nothing is there to pop these wait, and both servers alike.
brief = st.sampled_from([b"0.001", b"0.001", b"-1", b"x", b"1e300"])
where = words("min", "max", "mid")
sorted_set("zmpop", some_keys, where, maybe(word("count"), rank))
waiting("bzmpop", brief, some_keys, where, maybe(word("count"), rank))
for pop in ("bzpopmin", "bzpopmax"):
    waiting(pop, many(sorted_set_key, least=1), brief)
sorted_set("zrandmember", sorted_set_key, maybe(rank, maybe(word("withscores"))))
sorted_set(
    "zscan",
    any_key,
    st.sampled_from([b"0", b"0", b"x", b""]),
    row(word("count"), st.just(b"1000000")),
    options(row(word("match"), st.sampled_from([b"*", b"?", b"[0-9]*", b"nosuch"])), most=1),
)

level = family("level")
level_key = st.just(LEVEL_KEY)
level("zadd", level_key, many(row(st.just(b"0"), member), least=1, most=6))
level("zrem", level_key, member)
level("zlexcount", level_key, member_bound, member_bound)
level("zrange", level_key, member_bound, member_bound, word("bylex"), options(word("rev"), limit, most=2))
level("zrangestore", sorted_set_key, level_key, member_bound, member_bound, word("bylex"), options(limit, most=1))
for lex_command in ("zrangebylex", "zrevrangebylex"):
    level(lex_command, level_key, member_bound, member_bound, options(limit, most=1))
level("zremrangebylex", level_key, member_bound, member_bound)

# Places

geo = family("geo")
length = st.one_of(st.integers(0, 12).map(lambda power: b"%d" % 3**power), st.sampled_from([b"0", b"-1", b"x", b"0.5"]))
unit_of_length = words("m", "km", "km", "ft", "mi", "nosuch")
anywhere = st.one_of(
    place.map(lambda each: each[:2]), st.just([b"180", b"85"]), st.just([b"181", b"0"]), row(double, double)
)
shown = options(
    word("withdist"),
    word("withhash"),
    word("withcoord"),
    words("asc", "desc"),
    row(word("count"), rank, maybe(word("any"))),
    most=3,
)
stored = options(words("asc", "desc"), row(word("count"), rank), most=2)
origin = st.one_of(row(word("frommember"), place_name), row(word("fromlonlat"), anywhere))
area = st.one_of(row(word("byradius"), length, unit_of_length), row(word("bybox"), length, length, unit_of_length))
geo("geoadd", geo_key, options(word("nx"), word("xx"), word("ch"), most=2), many(place, least=1))
geo("geoadd", geo_key, many(place, least=3, most=10))
geo("geopos", any_key, many(place_name))
geo("geohash", any_key, many(place_name))
geo("geodist", any_key, place_name, place_name, maybe(unit_of_length))
geo("geosearch", geo_key, origin, area, shown)
geo("geosearch", geo_key, area, shown, origin)
geo("geosearchstore", st.one_of(sorted_set_key, geo_key), geo_key, origin, area, stored, maybe(word("storedist")))
store = maybe(words("store", "storedist"), sorted_set_key)
geo("georadius", geo_key, anywhere, length, unit_of_length, shown, store)
geo("georadius_ro", geo_key, anywhere, length, unit_of_length, shown)
geo("georadiusbymember", geo_key, place_name, length, unit_of_length, shown, store)
geo("georadiusbymember_ro", geo_key, place_name, length, unit_of_length, shown)
# Streams. Nothing here waits: a damaged request could do so for ever.

stream = family("stream")
field = st.sampled_from([b"f", b"g", b"1", b"f" * 70])
field_values = many(row(field, value), least=1, most=3)
approximation = st.sampled_from([[], [], [b"="], [b"~"], [b"~"]])
length = st.one_of(st.integers(0, 8).map(decimal), integer)
trim = row(
    st.one_of(row(word("maxlen"), approximation, length), row(word("minid"), approximation, entry_id)),
    maybe(word("limit"), length),
)
entry_count = row(word("count"), length)
# Not one whose ID is the time.
stream("xadd", stream_key, options(trim, word("nomkstream"), most=1), new_id, field_values)
stream("xadd", stream_key, new_id, field_values)
stream("xtrim", stream_key, trim)
stream("xdel", stream_key, many(entry_id, least=1))
stream("xlen", any_key)
stream("xrange", stream_key, id_bound, id_bound, options(entry_count, most=2))
stream("xrevrange", stream_key, id_bound, id_bound, options(entry_count, most=2))
stream(
    "xsetid",
    stream_key,
    entry_id,
    options(row(word("entriesadded"), length), row(word("maxdeletedid"), entry_id), most=2),
)
stream("xread", options(entry_count, most=2), word("streams"), stream_key, entry_id)
stream("xread", options(entry_count, most=2), word("streams"), stream_key, any_key, entry_id, entry_id)
entries_read = row(word("entriesread"), length)
stream(
    "xgroup|create", stream_key, group_name, st.one_of(entry_id, st.just(b"0")), options(entries_read, word("mkstream"))
)
stream("xgroup|setid", stream_key, group_name, entry_id, options(entries_read, most=1))
stream("xgroup|destroy", stream_key, group_name)
stream("xgroup|createconsumer", stream_key, group_name, consumer_name)
stream("xgroup|delconsumer", stream_key, group_name, consumer_name)
for read_id in (st.just(b">"), entry_id):
    stream(
        "xreadgroup",
        word("group"),
        group_name,
        consumer_name,
        options(entry_count, entry_count, word("noack"), most=2),
        word("streams"),
        stream_key,
        read_id,
    )
stream("xack", stream_key, group_name, many(entry_id, least=1))
idle = st.sampled_from([b"0", b"0", b"100000", b"-1", b"x"])
stream("xpending", stream_key, group_name)
stream("xpending", stream_key, group_name, maybe(word("idle"), idle), id_bound, id_bound, length, maybe(consumer_name))
stream(
    "xclaim",
    stream_key,
    group_name,
    consumer_name,
    idle,
    many(entry_id, least=1),
    options(
        row(word("idle"), st.sampled_from([b"0", b"-5", b"x"])),
        row(word("time"), st.sampled_from([b"0", b"99999999999999", b"x"])),
        row(word("retrycount"), length),
        word("force"),
        word("justid"),
        row(word("lastid"), entry_id),
    ),
)
stream(
    "xautoclaim",
    stream_key,
    group_name,
    consumer_name,
    idle,
    id_bound,
    options(entry_count, word("justid"), most=2),
)
stream("xinfo|stream", stream_key, maybe(word("full"), maybe(entry_count)))
stream("xinfo|groups", stream_key)
stream("xinfo|consumers", stream_key, group_name)
stream("object|encoding", stream_key)

# Keys of any type

generic = family("generic")
pattern = st.sampled_from([b"*", b"[a-h]", b"?", b"", b"k*", b"\\s", b"[^s]", b"*\xff*", b"nosuch"])
generic("del", many(any_key, least=1))
generic("unlink", many(any_key, least=1))
generic("exists", many(any_key, least=1))
generic("touch", many(any_key, least=1))
generic("type", any_key)
generic("rename", any_key, any_key)
generic("renamenx", any_key, any_key)
generic("copy", any_key, any_key, options(word("replace"), row(word("db"), database)))
# Strings of each form that a text has, as a version that all servers read wrote them.
dump = st.one_of(
    st.sampled_from([rdb.text(b""), rdb.text(b"v" * 3000), rdb.integer(-1), rdb.integer(2**31 - 1), rdb.text(b"007")]),
    value.map(rdb.text),
).map(lambda text: rdb.payload(bytes([rdb.STRING]) + text, 9))
bad_dump = st.sampled_from([b"", b"dump", rdb.payload(b"\x05ab", 9), rdb.payload(b"", 9), rdb.payload(b"\0\0", 99)])
# No time so far away that adding the present one overflows: what is made of that differs.
restored_ms = st.sampled_from([b"0", b"0", b"0", b"%d" % (FAR_S * 1000), b"-1", b"x", b"", b"9223372036854775808"])
for restore_command in ("restore", "restore-asking"):
    generic(
        restore_command,
        any_key,
        restored_ms,
        st.one_of(dump, dump, bad_dump),
        options(
            word("replace"),
            word("replace"),
            word("absttl"),
            row(word("idletime"), st.sampled_from([b"0", b"-1", b"x"])),
            row(word("freq"), st.sampled_from([b"0", b"255", b"256", b"-1"])),
        ),
    )
generic("move", any_key, database)
generic("keys", pattern)
generic("randomkey")
scan_options = options(
    row(word("match"), pattern),
    row(word("count"), st.sampled_from([b"1", b"10", b"1000000", str(LONGLONG_MAX).encode()])),
    row(word("type"), words("string", "list", "hash", "zset", "set", "stream", "nosuch")),
)
generic(
    "scan",
    st.sampled_from([b"0", b"0", b"x", b"-1", b"", b"18446744073709551616", b" 0", b"0 "]),
    st.one_of(scan_options, options(row(word("count"), integer), row(word("match"), value))),
)
generic("object|encoding", any_key)
generic("object|refcount", any_key)
generic("object|idletime", any_key)
generic("object|freq", any_key)
generic("memory|usage", any_key, options(row(word("samples"), integer)))

# When keys expire

expiry = family("expiry")
condition = options(word("nx"), word("xx"), word("gt"), word("lt"), word("nosuch"), most=2)
expiry("expire", any_key, relative_s, condition)
expiry("pexpire", any_key, relative_ms, condition)
expiry("expireat", any_key, at_s, condition)
expiry("pexpireat", any_key, at_ms, condition)
expiry("persist", any_key)
for time_command in ("ttl", "pttl", "expiretime", "pexpiretime"):
    expiry(time_command, any_key)
