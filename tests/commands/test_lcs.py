"""LCS: its replies, options and limits."""

from tests.support import ErrorReply, Server

SYNTAX = ErrorReply(b"ERR syntax error")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
RNA_A = b"GCUAGGUUACCAUGGACUUAGC"
RNA_B = b"AGCUAGGUCCAUGGAAACUUGC"


def test_lcs(server: Server) -> None:
    server.call("MSET", "a", "ohmytext", "b", "mynewtext")
    assert server.call("LCS", "a", "b") == b"mytext"
    assert server.call("LCS", "a", "b", "len") == 6
    assert server.call("LCS", "a", "b", "IDX") == [
        b"matches",
        [[[4, 7], [5, 8]], [[2, 3], [0, 1]]],
        b"len",
        6,
    ]
    assert server.call("LCS", "a", "b", "MINMATCHLEN", 4, "IDX", "WITHMATCHLEN") == [
        b"matches",
        [[[4, 7], [5, 8], 4]],
        b"len",
        6,
    ]
    assert server.call("LCS", "a", "b", "IDX", "MINMATCHLEN", -7) == server.call("LCS", "a", "b", "IDX")


def test_lcs_in_resp3_is_a_map(server: Server) -> None:
    server.call("MSET", "a", 12345, "b", 245)
    with server.connect() as client:
        client.call("HELLO", 3)
        expected = {b"matches": [[[3, 4], [1, 2]], [[1, 1], [0, 0]]], b"len": 3}
        assert client.call("LCS", "a", "b", "IDX") == expected
        assert client.call("LCS", "none", "b", "IDX") == {b"matches": [], b"len": 0}


def test_lcs_of_missing_keys_is_empty(server: Server) -> None:
    server.call("SET", "a", "x")
    assert server.call("LCS", "a", "none") == b""
    assert server.call("LCS", "none", "none", "LEN") == 0


def test_lcs_refuses_options(server: Server) -> None:
    both = ErrorReply(b"ERR If you want both the length and indexes, please just use IDX.")
    assert server.call("LCS", "a", "b", "LEN", "IDX") == both
    assert server.call("LCS", "a", "b", "LEN", "IDX", "nonsense") == SYNTAX
    assert server.call("LCS", "a", "b", "MINMATCHLEN") == SYNTAX
    assert server.call("LCS", "a", "b", "MINMATCHLEN", "x") == NOT_INTEGER


def test_lcs_is_refused_where_a_table_would_be_too_large(server: Server) -> None:
    too_large = ErrorReply(b"ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
    with server.config(proto_max_bulk_len=1024 * 1024):
        server.call("MSET", "a", "x" * 511, "b", "x" * 511, "c", "x" * 512)
        assert server.call("LCS", "a", "b", "LEN") == 511
        assert server.call("LCS", "a", "c", "LEN") == too_large
        server.call("SET", "long", "x" * 1024 * 300)
        assert server.call("LCS", "none", "long") == too_large


def test_lcs_like_a_real_server(server: Server, peer: Server) -> None:
    for each in (server, peer):
        each.call("MSET", "a", RNA_A * 20, "b", RNA_B * 23)
    for options in ((), ("LEN",), ("IDX",), ("IDX", "WITHMATCHLEN", "MINMATCHLEN", 3)):
        assert server.call_raw("LCS", "a", "b", *options) == peer.call_raw("LCS", "a", "b", *options)
