"""Hashes, salts and tags (draw-v1 §1.3–1.6, §2) and RFC 6962 trees (§1.5, log-v1 §1.1)."""

from __future__ import annotations

import hashlib
import hmac

from .canonical import encode


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def u8(number: int) -> bytes:
    return number.to_bytes(1, "big")


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def var(part: bytes) -> bytes:
    """A part of variable length: its length in bytes before it."""
    return u32(len(part)) + part


def labelled(label: str, *parts: bytes) -> bytes:
    """H(label; parts) of §1.3."""
    return sha256(b"expert-draw/v1/" + label.encode() + b"\n" + b"".join(parts))


# People (§2).

def salt(draw_key: bytes, purpose: str, about: bytes = b"") -> bytes:
    return hmac.digest(draw_key, purpose.encode() + b"\n" + about, "sha256")


def card(card_salt: bytes, name: str, number: str) -> bytes:
    return labelled("card", card_salt, var(encode({"name": name, "number": number})))


def image(card_digest: bytes, rest_digest: bytes) -> bytes:
    return labelled("image", card_digest, rest_digest)


def identity(draw_salt: bytes, image_digest: bytes, registry: int) -> bytes:
    return labelled("candidate", draw_salt, image_digest, u64(registry))


def unit_tag(draw_key: bytes, unit: str) -> bytes:
    about = unit.encode()
    return labelled("unit", salt(draw_key, "unit", about), var(about))[:16]


def relation_tag(draw_key: bytes, one: str, other: str) -> bytes:
    smaller, greater = sorted((one.encode(), other.encode()))
    about = var(smaller) + var(greater)
    return labelled("relation", salt(draw_key, "relation", about), about)[:16]


def reasons(reasons_salt: bytes, rules: list[str]) -> bytes:
    return labelled("reasons", reasons_salt, var(encode(rules)))


# Trees (RFC 6962, proofs of RFC 9162 §2.1.3 and §2.1.4).

def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def tree_root(leaves: list[bytes]) -> bytes:
    """Level by level, an odd last node going up as it is: the same as the recursive split."""
    level = [leaf_hash(leaf) for leaf in leaves]
    if not level:
        return sha256(b"")
    while len(level) > 1:
        above = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


class BadProof(ValueError):
    """`reason` is `out_of_range`, `path_length` or `root_mismatch`."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def check_inclusion(index: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> None:
    """RFC 9162 §2.1.3.2 over a leaf hash."""
    if not 0 <= index < size:
        raise BadProof("out_of_range")
    node, last, current = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise BadProof("path_length")
        if node & 1 or node == last:
            current = node_hash(sibling, current)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            current = node_hash(current, sibling)
        node >>= 1
        last >>= 1
    if last != 0:
        raise BadProof("path_length")
    if current != root:
        raise BadProof("root_mismatch")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> None:
    """RFC 9162 §2.1.4.2."""
    if not 0 < old <= new:
        raise BadProof("out_of_range")
    if old == new:
        if path:
            raise BadProof("path_length")
        if old_root != new_root:
            raise BadProof("root_mismatch")
        return
    path = list(path)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise BadProof("path_length")
    node, last = old - 1, new - 1
    while node & 1:
        node >>= 1
        last >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BadProof("path_length")
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        node >>= 1
        last >>= 1
    if last != 0:
        raise BadProof("path_length")
    if first != old_root or second != new_root:
        raise BadProof("root_mismatch")
