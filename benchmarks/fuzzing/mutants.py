"""Mutants of a file: what transfers, editors and programs do to files, each the same for the same seed."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from random import Random
from typing import Final

Mutation = Callable[[bytes, Random], bytes]


def flip_bytes(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.randint(1, 3)):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def change_character(content: bytes, random: Random) -> bytes:
    """Put one printable character in place of another: the fault that looks most like data."""
    changed = bytearray(content)
    changed[random.randrange(len(changed))] = random.choice(b"0123456789.-+ CNOHcno[]()=#@/\\AZ<>")
    return bytes(changed)


def cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(1, len(content))]


def remove_piece(content: bytes, random: Random) -> bytes:
    start = random.randrange(len(content))
    return content[:start] + content[start + random.randint(1, 12) :]


def insert_blank(content: bytes, random: Random) -> bytes:
    place = random.randrange(len(content))
    return content[:place] + random.choice([b" ", b"\t", b"  ", b"\n", b"\xc2\xa0", b"\x0c"]) + content[place:]


def duplicate_line(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    place = random.randrange(len(lines))
    return b"".join([*lines[: place + 1], *lines[place:]])


def remove_line(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    del lines[random.randrange(len(lines))]
    return b"".join(lines)


def swap_lines(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def old_mac_ends(content: bytes, random: Random) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r")


def windows_ends(content: bytes, random: Random) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def mixed_ends(content: bytes, random: Random) -> bytes:
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    return b"".join(line + random.choice([b"\n", b"\r\n"]) for line in lines[:-1]) + lines[-1]


def byte_order_mark(content: bytes, random: Random) -> bytes:
    return b"\xef\xbb\xbf" + content


def utf16(content: bytes, random: Random) -> bytes:
    return content.decode("utf-8", "replace").encode("utf-16")


def latin1_letter(content: bytes, random: Random) -> bytes:
    place = random.randrange(len(content))
    return content[:place] + random.choice([b"\xe9", b"\xb5", b"\xc5"]) + content[place:]


def packed(content: bytes, random: Random) -> bytes:
    return gzip.compress(content, mtime=0)


def packed_and_cut(content: bytes, random: Random) -> bytes:
    return cut(packed(content, random), random)


def packed_and_flipped(content: bytes, random: Random) -> bytes:
    return flip_bytes(packed(content, random), random)


def appended_again(content: bytes, random: Random) -> bytes:
    """Two files joined, as `cat` does, the first perhaps without its last line end."""
    return (content if random.random() < 0.5 else content.rstrip(b"\r\n")) + content


TEXT: Final[tuple[Mutation, ...]] = (
    flip_bytes, flip_bytes, change_character, change_character, change_character, cut, remove_piece, insert_blank,
    duplicate_line, remove_line, swap_lines, old_mac_ends, windows_ends, mixed_ends, byte_order_mark, utf16,
    latin1_letter, packed, packed_and_cut, packed_and_flipped, appended_again,
)  # fmt: skip
BINARY: Final[tuple[Mutation, ...]] = (flip_bytes, flip_bytes, cut, remove_piece, packed, packed_and_cut)


def mutant(content: bytes, seed: str, *, binary: bool = False) -> tuple[bytes, str]:
    """Return a mutant of a file, and the names of the one or two mutations that made it."""
    random = Random(seed)
    chosen = [random.choice(BINARY if binary else TEXT) for _ in range(1 if random.random() < 0.8 else 2)]
    for one in chosen:
        content = one(content, random) if content else content
    return content, "+".join(one.__name__ for one in chosen)
