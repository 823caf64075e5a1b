"""Workstations by lot (day-v1 §3)."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from .draw import sub_seed


def given(seed: bytes, site: int, count: int, position: int, taken: list[int]) -> int | None:
    """The workstation of who sits at a pool position; None when no one is free."""
    # Only the row of the position is made: the block counter is words 12 and 13, 64 bytes to a block.
    first, odd = divmod(16 * position * count, 64)
    counter = first.to_bytes(8, "little") + bytes(8)
    stream = Cipher(ChaCha20(sub_seed(f"workstations/{site}", seed), counter), mode=None).encryptor().update(bytes(odd + 16 * count))
    tickets = [(int.from_bytes(stream[odd + 16 * w:odd + 16 * w + 16], "little"), w + 1) for w in range(count)]
    return min(((ticket, number) for ticket, number in tickets if number not in taken), default=(0, None))[1]
