"""SipHash as its paper defines it, one line of the paper to one line of Python, for any number of rounds."""

MASK = (1 << 64) - 1


def _rotate(x: int, bits: int) -> int:
    return (x << bits | x >> (64 - bits)) & MASK


def _sip_round(v: list[int]) -> None:
    """The network of the paper's figure 2.1: two halves that differ in their turns and in v0 and v2 changing places."""
    for turn_1, turn_3 in ((13, 16), (17, 21)):
        v[0] = (v[0] + v[1]) & MASK
        v[2] = (v[2] + v[3]) & MASK
        v[1] = _rotate(v[1], turn_1) ^ v[0]
        v[3] = _rotate(v[3], turn_3) ^ v[2]
        v[0], v[2] = v[2], _rotate(v[0], 32)


def siphash(k0: int, k1: int, data: bytes, compression_rounds: int = 1, final_rounds: int = 3) -> int:
    """SipHash-c-d of the data under a key of two 64-bit numbers."""
    pad = bytes(7 - len(data) % 8)
    padded = data + pad + bytes([len(data) % 256])
    initial = b"somepseudorandomlygeneratedbytes"
    v = [int.from_bytes(initial[i : i + 8], "big") ^ (k1 if i // 8 % 2 else k0) for i in range(0, 32, 8)]
    for i in range(0, len(padded), 8):
        word = int.from_bytes(padded[i : i + 8], "little")
        v[3] ^= word
        for _ in range(compression_rounds):
            _sip_round(v)
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(final_rounds):
        _sip_round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]
