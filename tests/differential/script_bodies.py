"""Scripts and libraries that both servers run; what they are given is generated."""

import hashlib

# Scripts that run a command of one of those families, given as the arguments, or look at what they are given.
RUNNING = tuple(
    body.encode()
    for body in (
        "return redis.call(unpack(ARGV))",
        "return redis.pcall(unpack(ARGV))",
        "return redis.pcall(unpack(ARGV)).err or 'fine'",
        "redis.setresp(3) return redis.call(unpack(ARGV))",
        "local r = redis.call(unpack(ARGV)) return {type(r), type(r) == 'table' and #r or r}",
        "local ok, r = pcall(redis.call, unpack(ARGV)) return {tostring(ok), r}",
        "redis.call('select', 1) return redis.call(unpack(ARGV))",
        "redis.call('set', 'first', 1) redis.call(unpack(ARGV)) return redis.call('incr', 'first')",
        "return coroutine.wrap(function() return redis.call(unpack(ARGV)) end)()",
    )
)
LOOKING = tuple(
    body.encode()
    for body in (
        "return {KEYS, ARGV, #KEYS}",
        "return cjson.encode(ARGV)",
        "return cjson.encode(cjson.decode(ARGV[1]))",
        "return cmsgpack.pack(ARGV)",
        "return {cmsgpack.unpack(ARGV[1])}",
        "return {struct.unpack('bBhc0', ARGV[1])}",
        "return redis.sha1hex(ARGV[1])",
        "return tonumber(ARGV[1])",
        "return tostring(tonumber(ARGV[1]))",
        "return bit.tohex(ARGV[1])",
        "return ARGV[1] * 3",
        "return redis.error_reply(ARGV[1])",
        "return redis.status_reply(ARGV[1])",
        "return {ok = ARGV[1]}",
        "error(ARGV[1])",
        "error({err = ARGV[1] or 'none'})",  # without a text it would end the peer
        "return KEYS[1] .. ARGV[1]",
        "return nosuch",
        "nosuch = 1",
    )
)
WRITING_LIBRARY = b"""#!lua name=writing
redis.register_function('run', function(keys, args) return redis.call(unpack(args)) end)
redis.register_function('look', function(keys, args) return {keys, args, #keys} end)"""
READING_LIBRARY = b"""#!lua name=reading
redis.register_function{function_name='reads', callback=function(keys, args) return redis.call(unpack(args)) end,
    flags={'no-writes'}, description='only reads'}"""
LIBRARIES = (WRITING_LIBRARY, READING_LIBRARY, READING_LIBRARY.replace(b"=reading", b"=other"), b"#!lua name=none\n")


def digests_of(bodies: tuple[bytes, ...]) -> list[bytes]:
    """The names of scripts."""
    return [hashlib.sha1(body).hexdigest().encode() for body in bodies]
