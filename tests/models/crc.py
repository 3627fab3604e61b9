"""CRCs as division of polynomials, bit by bit, from the parameters that catalogues list."""


def _reverse(value: int, width: int) -> int:
    return int(f"{value:0{width}b}"[::-1], 2)


def crc(data: bytes, width: int, polynomial: int, reflected: bool, register: int = 0) -> int:
    """The remainder, with an initial register of 0 or an earlier result, and no final XOR."""
    top = 1 << (width - 1)
    if reflected:
        register = _reverse(register, width)
    for byte in data:
        register ^= (_reverse(byte, 8) if reflected else byte) << (width - 8)
        for _ in range(8):
            register = (register << 1) ^ (polynomial if register & top else 0)
            register &= (1 << width) - 1
    return _reverse(register, width) if reflected else register


def crc64(data: bytes, register: int = 0) -> int:
    """CRC-64 with Jones's polynomial."""
    return crc(data, 64, 0xAD93D23594C935A9, reflected=True, register=register)


def crc16(data: bytes) -> int:
    """CRC-16/XMODEM."""
    return crc(data, 16, 0x1021, reflected=False)


def slot_of(key: bytes) -> int:
    """The slot of a key in a cluster, by the hash tag if it has one."""
    _, brace, rest = key.partition(b"{")
    tag, closing, _ = rest.partition(b"}")
    return crc16(tag if brace and closing and tag else key) % 16384
