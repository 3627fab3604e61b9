"""The allocator as a table of the blocks that are in use, each with its place, its room and its one repeated byte."""

LARGE_OVERHEAD = 16
# From the size in the first column on, block sizes lie so many bytes apart.
STEPS = ((0, 8), (512, 32), (1024, 64), (2048, 128))
SMALL_MAX = 4096


def block_size(size: int) -> int:
    """What a block asked for with this size takes."""
    if size > SMALL_MAX:
        return size + LARGE_OVERHEAD
    base, step = [pair for pair in STEPS if pair[0] < max(size, 1)][-1]
    return base + -(-(max(size, 1) - base) // step) * step


class Memory:
    """Blocks in use by name; no two may share a byte."""

    def __init__(self) -> None:
        self.blocks: dict[int, tuple[int, int, int]] = {}

    @property
    def used(self) -> int:
        return sum(block_size(size) for _, size, _ in self.blocks.values())

    def place(self, name: int, address: int, size: int, byte: int) -> None:
        for other, (start, length, _) in self.blocks.items():
            assert other == name or address + size <= start or start + length <= address, "blocks overlap"
        self.blocks[name] = (address, size, byte)

    def remove(self, name: int) -> None:
        del self.blocks[name]
