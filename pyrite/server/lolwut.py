"""LOLWUT: a druse of pyrite, whose crystals are cubes, drawn anew each time."""

from __future__ import annotations

import random

COLUMNS = 66
ROWS = 16
COLUMNS_MAX = 240
ROWS_MAX = 100
CUBES_PER_AREA = 0.012


def draw(words: list[bytes], version: str) -> bytes:
    """The picture, `words` being its columns and rows if they are given, and the version below it."""
    columns, rows = _size(words)
    canvas = [[" "] * columns for _ in range(rows)]
    pick = random.Random()  # noqa: S311 - a picture, no secret
    for _ in range(max(int(columns * rows * CUBES_PER_AREA), 1)):
        edge = pick.randint(1, max(min(columns // 5, rows // 3, 5), 1))
        _draw_cube(canvas, pick.randrange(columns), pick.randrange(rows), edge)
    lines = ["".join(line).rstrip() for line in canvas]
    return ("\n".join([*lines, "", f"Redis ver. {version}", ""])).encode()


def _size(words: list[bytes]) -> tuple[int, int]:
    """Columns and rows: what is asked for where it is a number, within bounds."""
    wanted = [int(word) if word.isdigit() and len(word) < 10 else 0 for word in words[:2]]
    columns, rows = [*wanted, 0, 0][:2]
    return min(columns or COLUMNS, COLUMNS_MAX), min(rows or ROWS, ROWS_MAX)


def _draw_cube(canvas: list[list[str]], left: int, top: int, edge: int) -> None:
    """Draw a cube over what is there: its roof, front and right side."""
    width = 2 * edge + 1
    for depth in range(edge + 1):
        _put(canvas, left + edge - depth, top + depth, "/" + ("_" if depth in (0, edge) else " ") * width + "/")
    for row in range(1, edge + 1):
        front = "|" + ("_" if row == edge else " ") * width + "|"
        side = " " * max(edge - row, 0) + "/"
        _put(canvas, left, top + edge + row, front + side)


def _put(canvas: list[list[str]], left: int, row: int, text: str) -> None:
    if not 0 <= row < len(canvas):
        return
    for column, character in enumerate(text, left):
        if 0 <= column < len(canvas[row]):
            canvas[row][column] = character
