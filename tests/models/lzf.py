"""LZF read literally from the table of its opcodes, for the core's to be held against."""


def decompress(stream: bytes) -> bytes | None:
    """Return the content of a stream, None where it is wrong."""
    out = bytearray()
    at = 0
    while at < len(stream):
        head = stream[at]
        at += 1
        if head < 32:
            literals = stream[at : at + head + 1]
            if len(literals) != head + 1:
                return None
            out += literals
            at += head + 1
            continue
        length, more = (head >> 5) + 2, head >= 0xE0
        if at + 1 + more > len(stream):
            return None
        if more:
            length += stream[at]
            at += 1
        back = ((head & 31) << 8) + stream[at] + 1
        at += 1
        if back > len(out):
            return None
        for _ in range(length):
            out.append(out[-back])
    return bytes(out)
