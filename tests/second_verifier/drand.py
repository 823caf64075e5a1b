"""Rounds of drand (draw-v3 §3.4): BLS signatures over BLS12-381, in two schemes."""

from __future__ import annotations

from hashlib import sha256

from py_ecc.bls.hash_to_curve import hash_to_G1, hash_to_G2
from py_ecc.bls.point_compression import compress_G1, compress_G2, decompress_G1, decompress_G2
from py_ecc.optimized_bls12_381 import G1, G2, curve_order, is_inf, multiply, pairing

from . import shapes
from .hashes import u32, u64

QUICKNET, CHAINED = "bls-unchained-g1-rfc9380", "pedersen-bls-chained"
TAG = b"BLS_SIG_BLS12381G%d_XMD:SHA-256_SSWU_RO_NUL_"


class BadRound(ValueError):
    """The round does not verify."""


def chain_of(value) -> dict:
    """The shape of a chain; raises BadShape."""
    shapes.fields(value, ("beacon_id", "genesis", "group_hash", "period", "public_key", "scheme"))
    shapes.text(value["beacon_id"])
    if not 1 <= len(value["beacon_id"].encode()) <= 128:
        raise shapes.BadShape("beacon_id")
    shapes.integer(value["genesis"])
    shapes.integer(value["period"], 1, 1_000_000)
    shapes.hexes(value["group_hash"])
    shapes.hexes(value["public_key"], {QUICKNET: 96, CHAINED: 48}.get(shapes.word(value["scheme"], (QUICKNET, CHAINED))))
    return value


def chain_hash(chain: dict) -> bytes:
    identifier = b"" if chain["beacon_id"] == "default" else chain["beacon_id"].encode()
    key, group = bytes.fromhex(chain["public_key"]), bytes.fromhex(chain["group_hash"])
    return sha256(u32(chain["period"]) + u64(chain["genesis"]) + key + group + identifier).digest()


def round_time(chain: dict, number: int) -> int:
    return chain["genesis"] + (number - 1) * chain["period"]


def _point1(data: bytes):
    if len(data) != 48:
        raise BadRound("length")
    point = decompress_G1(int.from_bytes(data, "big"))
    if int(compress_G1(point)).to_bytes(48, "big") != data:
        raise BadRound("not canonical")
    return _in_subgroup(point)


def _point2(data: bytes):
    if len(data) != 96:
        raise BadRound("length")
    halves = (int.from_bytes(data[:48], "big"), int.from_bytes(data[48:], "big"))
    point = decompress_G2(halves)
    if b"".join(int(half).to_bytes(48, "big") for half in compress_G2(point)) != data:
        raise BadRound("not canonical")
    return _in_subgroup(point)


def _in_subgroup(point):
    if is_inf(point) or not is_inf(multiply(point, curve_order)):
        raise BadRound("identity, or outside the prime-order subgroup")
    return point


def verify_round(chain: dict, number: int, signature: bytes, previous: bytes | None) -> bytes:
    """The bytes of a round in the seed. Raises BadRound."""
    try:
        return _verified(chain, number, signature, previous)
    except BadRound:
        raise
    except Exception as error:  # the library has many ways to say that bytes are no point
        raise BadRound(f"{type(error).__name__}: {error}") from error


def _verified(chain: dict, number: int, signature: bytes, previous: bytes | None) -> bytes:
    key = bytes.fromhex(chain["public_key"])
    if number < 1:
        raise BadRound("round")
    if chain["scheme"] == QUICKNET:
        if previous is not None:
            raise BadRound("a scheme without chaining")
        message = hash_to_G1(sha256(u64(number)).digest(), TAG % 1, sha256)
        good = pairing(G2, _point1(signature)) == pairing(_point2(key), message)
    else:
        if previous is None or (previous.hex() != chain["group_hash"] if number == 1 else len(previous) != 96):
            raise BadRound("the signature before")
        message = hash_to_G2(sha256(previous + u64(number)).digest(), TAG % 2, sha256)
        good = pairing(_point2(signature), G1) == pairing(message, _point1(key))
    if not good:
        raise BadRound("signature")
    return sha256(signature).digest()
