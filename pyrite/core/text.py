"""Text of others, clients and files, on a terminal or in a log: it breaks no line and controls nothing."""

# How much of a name or a value from a file a message quotes.
SHOWN_BYTES = 128


def harmless(text: str) -> str:
    """A text without line breaks and control characters, which stand there escaped, as do bytes that are not UTF-8."""
    if text.isprintable():
        return text
    return "".join([each if each.isprintable() else _escaped(each) for each in text])


def shown(data: bytes) -> str:
    """Bytes as a message quotes them: in one line, and not too much of them."""
    return harmless(data[:SHOWN_BYTES].decode("utf-8", "surrogateescape"))


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that "surrogateescape" could not decode
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
