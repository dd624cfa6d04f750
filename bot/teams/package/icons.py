"""The app's two icons, drawn here: bars that fall, and the flag of a pit stop over the last of them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

Colour = tuple[int, int, int, int]

NIGHT: Colour = (29, 42, 58, 255)
WHITE: Colour = (255, 255, 255, 255)
GREEN: Colour = (0, 158, 115, 255)
NOTHING: Colour = (255, 255, 255, 0)
COLOUR_SIDE, OUTLINE_SIDE = 192, 32
BARS = ((0.20, 0.26), (0.40, 0.44), (0.60, 0.62))  # where each begins, from the left and from the top
WIDTH, FLOOR = 0.14, 0.80
POLE = (0.60, 0.63, 0.20, 0.56)  # left, right, top, bottom
CLOTH = (0.63, 0.83, 0.20, 0.38)
SQUARE = (0.05, 0.06)
FINE = 4  # samples a side of a pixel


def colour() -> bytes:
    """192 pixels square, on our own ground."""
    return _png(COLOUR_SIDE, lambda x, y: _drawn(x, y, WHITE, GREEN) or NIGHT)


def outline() -> bytes:
    """32 pixels square: white on nothing."""
    return _png(OUTLINE_SIDE, lambda x, y: _drawn(x, y, WHITE, WHITE) or NOTHING)


def _drawn(x: float, y: float, bars: Colour, flag: Colour) -> Colour | None:
    for left, top in BARS:
        if left <= x < left + WIDTH and top <= y < FLOOR:
            return bars
    if _inside(x, y, POLE):
        return flag
    if _inside(x, y, CLOTH):
        squares = int((x - CLOTH[0]) / SQUARE[0]) + int((y - CLOTH[2]) / SQUARE[1])
        return flag if squares % 2 == 0 else None
    return None


def _inside(x: float, y: float, box: tuple[float, float, float, float]) -> bool:
    left, right, top, bottom = box
    return left <= x < right and top <= y < bottom


def _png(side: int, at: Callable[[float, float], Colour]) -> bytes:
    rows = bytearray()
    for row in range(side):
        rows.append(0)
        for column in range(side):
            rows += bytes(_pixel(column, row, side, at))
    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, chunks))


def _pixel(column: int, row: int, side: int, at: Callable[[float, float], Colour]) -> Colour:
    """The mean of what is seen in a pixel."""
    offsets = [(step + 0.5) / FINE for step in range(FINE)]
    seen = [at((column + dx) / side, (row + dy) / side) for dx in offsets for dy in offsets]
    alpha = sum(one[3] for one in seen)
    if not alpha:
        return NOTHING
    red, green, blue = (sum(one[part] * one[3] for one in seen) // alpha for part in range(3))
    return red, green, blue, alpha // len(seen)


def _chunk(chunk: tuple[bytes, bytes]) -> bytes:
    kind, data = chunk
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
