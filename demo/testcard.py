"""A test card for cameras that have no recording: plainly no picture of a place."""

import struct
import zlib

import numpy as np

WIDTH, HEIGHT = 640, 360
# 3 x 5 dots, row by row, for the characters of camera codes.
_GLYPHS = {
    "C": "111100100100111", "-": "000000111000000", "0": "111101101101111",
    "1": "010110010010111", "2": "111001111100111", "3": "111001111001111",
    "4": "101101111001001", "5": "111100111001111", "6": "111100111101111",
    "7": "111001001001001", "8": "111101111101111", "9": "111101111001111",
}  # fmt: skip
_DOT = 16


def draw(code: str, step: int) -> bytes:
    """A PNG: grey steps, the camera's code, and a mark that moves on with every picture."""
    image = np.full((HEIGHT, WIDTH), 60, dtype=np.uint8)
    image[: HEIGHT // 3] = np.repeat(np.linspace(30, 210, 8, dtype=np.uint8), WIDTH // 8)
    left = (WIDTH - len(code) * 4 * _DOT) // 2
    for place, character in enumerate(code):
        _glyph(image, character, HEIGHT // 2 - 10, left + place * 4 * _DOT)
    mark = step % 20 * (WIDTH // 20)
    image[HEIGHT - 24 :, mark : mark + WIDTH // 20] = 200
    return _png(image)


def _glyph(
    image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], character: str, top: int, left: int
) -> None:
    for index, dot in enumerate(_GLYPHS.get(character, "0" * 15)):
        y, x = top + index // 3 * _DOT, left + index % 3 * _DOT
        if dot == "1":
            image[y : y + _DOT, x : x + _DOT] = 200


def _png(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """8-bit grey PNG (PNG specification, 11.2: IHDR, IDAT, IEND; filter 0 before each line)."""
    height, width = image.shape
    lines = np.hstack([np.zeros((height, 1), np.uint8), image]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
