"""Longest common subsequence by the textbook table, for the core's bit-parallel one to be held against."""

Run = tuple[int, int, int, int]


def table(a: bytes, b: bytes) -> list[list[int]]:
    """Return the lengths for every prefix of a (row) with every prefix of b (column)."""
    lengths = [[0] * (len(b) + 1)]
    for x in a:
        above = lengths[-1]
        row = [0]
        for j, y in enumerate(b):
            row.append(above[j] + 1 if x == y else max(above[j + 1], row[j]))
        lengths.append(row)
    return lengths


def matches(a: bytes, b: bytes) -> list[tuple[int, int]]:
    """Return the offsets in a and b of the matches that Redis chooses, the last one first."""
    lengths = table(a, b)
    i, j = len(a), len(b)
    found = []
    while i and j:
        if a[i - 1] == b[j - 1]:
            i, j = i - 1, j - 1
            found.append((i, j))
        elif lengths[i - 1][j] > lengths[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return found


def runs(a: bytes, b: bytes) -> list[Run]:
    """Return the matches joined where they follow each other in both strings: first and last offset in a, then in b."""
    joined: list[Run] = []
    for i, j in matches(a, b):
        if joined and joined[-1][0] == i + 1 and joined[-1][2] == j + 1:
            _, a_end, _, b_end = joined.pop()
            joined.append((i, a_end, j, b_end))
        else:
            joined.append((i, i, j, j))
    return joined
