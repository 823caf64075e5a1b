"""The curve edwards25519 in plain Python: strict decoding, subgroup tests, strict Ed25519.

Nothing here is secret, so nothing needs constant time. Points are extended coordinates (X, Y, Z, T).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


class BadPoint(ValueError):
    """Not the encoding of an admissible point."""


def add(a, b):
    left = (a[1] - a[0]) * (b[1] - b[0]) % P
    right = (a[1] + a[0]) * (b[1] + b[0]) % P
    c = 2 * a[3] * b[3] * D % P
    d = 2 * a[2] * b[2] % P
    e, f, g, h = right - left, d - c, d + c, right + left
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def double(a):
    x2, y2 = a[0] * a[0] % P, a[1] * a[1] % P
    z2 = 2 * a[2] * a[2] % P
    h = x2 + y2
    e = h - (a[0] + a[1]) * (a[0] + a[1]) % P
    g = x2 - y2
    f = z2 + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def negate(a):
    return (-a[0] % P, a[1], a[2], -a[3] % P)


def multiply(scalar: int, point):
    result = IDENTITY
    for bit in bin(scalar)[2:]:
        result = double(result)
        if bit == "1":
            result = add(result, point)
    return result


def equal(a, b) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def encode(a) -> bytes:
    inverse = pow(a[2], -1, P)
    x, y = a[0] * inverse % P, a[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data: bytes):
    """RFC 8032 §5.1.3; refuses non-canonical encodings."""
    if len(data) != 32:
        raise BadPoint("length")
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        raise BadPoint("not canonical")
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * SQRT_MINUS_ONE % P
        if (v * x * x - u) % P:
            raise BadPoint("not on the curve")
    if x == 0 and sign:
        raise BadPoint("not canonical")
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = decode(bytes.fromhex("58" + "66" * 31))


def small_order(point) -> bool:
    return equal(double(double(double(point))), IDENTITY)


def in_subgroup(point) -> bool:
    return equal(multiply(Q, point), IDENTITY)


def verify_ed25519(key: bytes, signature: bytes, message: bytes) -> bool:
    """Strict Ed25519 (log-v1 §1.4): canonical s, A and R, no small order, cofactorless equation."""
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= Q:
        return False
    try:
        if small_order(decode(key)) or small_order(decode(signature[:32])):
            return False
        # OpenSSL recomputes R without the cofactor and compares its bytes.
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (BadPoint, InvalidSignature, ValueError):
        return False
    return True
