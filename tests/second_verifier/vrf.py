"""ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381, suite 0x03), strict verification (draw-v1 §1.7)."""

from __future__ import annotations

import hashlib

from . import edwards

SUITE = b"\x03"
PROOF_LENGTH = 80


class BadProof(ValueError):
    """The proof, or the key, is refused."""


def check_key(key: bytes):
    """Strict key validation: canonical, in the prime-order subgroup, not the identity."""
    try:
        point = edwards.decode(key)
    except edwards.BadPoint as error:
        raise BadProof(f"key: {error}") from error
    if edwards.equal(point, edwards.IDENTITY):
        raise BadProof("key: identity")
    if not edwards.in_subgroup(point):
        raise BadProof("key: not in the prime-order subgroup")
    return point


def hash_to_curve(key: bytes, alpha: bytes):
    """Try and increment (§5.4.1.1); returns the point and the counter at which it ended."""
    for counter in range(256):
        digest = hashlib.sha512(SUITE + b"\x01" + key + alpha + bytes([counter]) + b"\x00").digest()
        try:
            point = edwards.decode(digest[:32])
        except edwards.BadPoint:
            continue
        point = edwards.multiply(8, point)
        if not edwards.equal(point, edwards.IDENTITY):
            return point, counter
    raise BadProof("no point for this alpha")


def stages(key: bytes, alpha: bytes, proof: bytes) -> dict[str, bytes]:
    """Verifies, and returns h, u, v and beta. Raises BadProof."""
    if len(proof) != PROOF_LENGTH:
        raise BadProof("length")
    public = check_key(key)
    try:
        gamma = edwards.decode(proof[:32])
    except edwards.BadPoint as error:
        raise BadProof(f"gamma: {error}") from error
    if not edwards.in_subgroup(gamma):
        raise BadProof("gamma: not in the prime-order subgroup")
    c = int.from_bytes(proof[32:48], "little")
    s = int.from_bytes(proof[48:], "little")
    if s >= edwards.Q:
        raise BadProof("s is not reduced")
    point, _ = hash_to_curve(key, alpha)
    h = edwards.encode(point)
    u = edwards.encode(edwards.add(edwards.multiply(s, edwards.BASE), edwards.negate(edwards.multiply(c, public))))
    v = edwards.encode(edwards.add(edwards.multiply(s, point), edwards.negate(edwards.multiply(c, gamma))))
    challenge = hashlib.sha512(SUITE + b"\x02" + key + h + proof[:32] + u + v + b"\x00").digest()[:16]
    if challenge != proof[32:48]:
        raise BadProof("challenge differs")
    beta = hashlib.sha512(SUITE + b"\x03" + edwards.encode(edwards.multiply(8, gamma)) + b"\x00").digest()
    return {"h": h, "u": u, "v": v, "beta": beta}


def verify(key: bytes, alpha: bytes, proof: bytes) -> bytes:
    """The 64 bytes of beta. Raises BadProof."""
    return stages(key, alpha, proof)["beta"]


def beta_of(proof: bytes) -> bytes | None:
    """Beta computed from a proof alone (RFC 9381 §5.2), which proves nothing; None when it is no proof."""
    try:
        gamma = edwards.decode(proof[:32])
    except edwards.BadPoint:
        return None
    if len(proof) != PROOF_LENGTH or not edwards.in_subgroup(gamma) or int.from_bytes(proof[48:], "little") >= edwards.Q:
        return None
    return hashlib.sha512(SUITE + b"\x03" + edwards.encode(edwards.multiply(8, gamma)) + b"\x00").digest()
