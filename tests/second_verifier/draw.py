"""The seed, the lots and the drawn order (draw-v1 §3.5, §5, §6) and pool leaves (§4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from .hashes import labelled, u8, u32, u64, var

KINDS = {"nonce": 1, "operator": 2, "witness": 3, "beacon": 4}
CONTRIBUTION_LENGTH = {1: 32, 2: 64, 3: 64, 4: 32}


class BadLeaf(ValueError):
    """A pool leaf is not of the shape of draw-v1 §4.1."""


@dataclass(frozen=True)
class Leaf:
    """One anonymous candidate."""

    identity: bytes
    groups: int
    lots: int
    unit: bytes
    relations: tuple[bytes, ...]

    @staticmethod
    def parse(data: bytes, group_count: int, most_lots: int) -> "Leaf":
        count, odd = divmod(len(data) - 53, 16)
        if odd or not 0 <= count <= 8:
            raise BadLeaf("length")
        leaf = Leaf(
            data[:32],
            int.from_bytes(data[32:36], "big"),
            data[36],
            data[37:53],
            tuple(data[53 + 16 * i:69 + 16 * i] for i in range(count)),
        )
        if leaf.groups == 0 or leaf.groups >> group_count:
            raise BadLeaf("groups")
        if not 1 <= leaf.lots <= most_lots:
            raise BadLeaf("lots")
        if any(a >= b for a, b in zip(leaf.relations, leaf.relations[1:])):
            raise BadLeaf("relation tags do not ascend")
        return leaf


def alpha_of(index: int, leaf_hash: bytes) -> bytes:
    return labelled("alpha", u64(index), leaf_hash)


def nonce_commitment(key: bytes, package_tag: bytes, attempt: int, nonce: bytes) -> bytes:
    return labelled("nonce", key, package_tag, u32(attempt), nonce)


def seed_of(alpha: bytes, contributions: list[tuple[int, bytes]]) -> bytes:
    """§5.3, contributions as (kind, bytes) in committed order."""
    kinds = [kind for kind, _ in contributions]
    if kinds != sorted(kinds) or kinds.count(2) != 1 or kinds.count(4) > 1 or len(kinds) > 255:
        raise ValueError("contributions out of order")
    parts = [alpha, u8(len(contributions))]
    for kind, data in contributions:
        if len(data) != CONTRIBUTION_LENGTH[kind]:
            raise ValueError("length of a contribution")
        parts += [u8(kind), data]
    return labelled("seed", *parts)


def sub_seed(name: str, seed: bytes) -> bytes:
    return labelled("sub", var(name.encode()), seed)


def tickets(seed: bytes, lots: list[int], most_lots: int) -> list[int]:
    """§6.1: one ChaCha20 stream; lot k of position i is at byte 16·(i·L + k), little-endian."""
    # 16 bytes: words 12–13 counter (from 0), 14–15 nonce (0), little-endian as in the original layout.
    encryptor = Cipher(ChaCha20(seed, bytes(16)), mode=None).encryptor()
    stream = encryptor.update(bytes(16 * most_lots * len(lots)))
    result = []
    for position, own in enumerate(lots):
        start = 16 * position * most_lots
        result.append(min(int.from_bytes(stream[start + 16 * k:start + 16 * k + 16], "little") for k in range(own)))
    return result


def drawn_order(numbers: list[int]) -> list[int]:
    """§6.2: ascending by ticket, ties by position."""
    return sorted(range(len(numbers)), key=lambda position: (numbers[position], position))
