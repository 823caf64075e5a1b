"""The log (log-v1): signed notes, checkpoints, trust policies, cosignatures, offline proofs.

`Refused.name` is the name that `tests/vectors/log/offline_proof.json` uses for a refusal.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

from . import edwards
from .hashes import BadProof, check_inclusion, leaf_hash, sha256

ED25519, COSIGNATURE = 0x01, 0x04
MAX_NOTE, MAX_LINES, MAX_POLICY, MAX_NAME, MAX_SIZE = 1 << 20, 64, 64 * 1024, 255, 2**53 - 1
ORIGIN = re.compile(r"[!-*,-~]{1,200}\Z")
DECIMAL = re.compile(r"(0|[1-9][0-9]{0,15})\Z")


class Refused(ValueError):
    """A note, checkpoint or proof is refused; `name` says why in one word."""

    def __init__(self, name: str, detail: str = ""):
        super().__init__(f"{name}: {detail}" if detail else name)
        self.name = name


class UnusablePolicy(ValueError):
    """The policy cannot be read."""


def base64_exact(text: str) -> bytes:
    """Standard, padded, with zero trailing bits; raises ValueError."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise ValueError("not canonical base64")
    return data


def decimal(text: str) -> int:
    if not DECIMAL.match(text) or int(text) > MAX_SIZE:
        raise ValueError("not a number")
    return int(text)


def key_id(name: str, algorithm: int, key: bytes) -> bytes:
    return sha256(name.encode("utf-8", "surrogateescape") + b"\n" + bytes([algorithm]) + key)[:4]


def good_name(name: str) -> bool:
    size = len(name.encode("utf-8", "surrogateescape"))
    return 0 < size <= MAX_NAME and "+" not in name and not any(c.isspace() for c in name)


@dataclass(frozen=True)
class Key:
    """A verifier key (vkey)."""

    name: str
    algorithm: int
    key: bytes

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.algorithm, self.key)

    @staticmethod
    def parse(text: str) -> "Key":
        parts = text.split("+", 2)
        if len(parts) != 3 or not good_name(parts[0]):
            raise ValueError("vkey shape")
        material = base64_exact(parts[2])
        if len(material) != 33:
            raise ValueError("vkey length")
        key = Key(parts[0], material[0], material[1:])
        if parts[1] != key.id.hex():
            raise ValueError("vkey id")
        try:
            if edwards.small_order(edwards.decode(key.key)):
                raise ValueError("vkey of small order")
        except edwards.BadPoint as error:
            raise ValueError(f"vkey point {error}") from error
        return key


@dataclass
class Note:
    """A signed note: the text with its newline, and the signature lines (name, bytes after base64)."""

    text: str
    lines: list[tuple[str, bytes]]

    @staticmethod
    def parse(note: str) -> "Note":
        try:
            size = len(note.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise Refused("note_shape", "not UTF-8") from error
        if size > MAX_NOTE or any(c < " " and c != "\n" for c in note):
            raise Refused("note_shape", "too long, or control characters")
        cut = note.rfind("\n\n")
        if cut < 0 or not note.endswith("\n") or cut + 2 == len(note):
            raise Refused("note_shape", "no signature lines")
        lines = note[cut + 2:-1].split("\n")
        if len(lines) > MAX_LINES:
            raise Refused("note_shape", "too many signature lines")
        return Note(note[:cut + 1], [signature_line(line) for line in lines])


def signature_line(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not good_name(parts[1]):
        raise Refused("note_signature_line")
    try:
        data = base64_exact(parts[2])
    except ValueError as error:
        raise Refused("note_signature_line", str(error)) from error
    if len(data) < 5:
        raise Refused("note_signature_line", "too short")
    return parts[1], data


def signed_by(key: Key, text: str, signature: bytes) -> bool:
    """Does `signature` (without the key id) verify strictly over the note text?"""
    message = text.encode("utf-8")
    if key.algorithm == COSIGNATURE:
        if len(signature) != 72 or signature[0] > 0x7F or not any(signature[:8]):
            return False
        message = cosigned(int.from_bytes(signature[:8], "big"), text)
        signature = signature[8:]
    return edwards.verify_ed25519(key.key, signature, message)


def cosigned(time: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode("utf-8")


@dataclass
class Policy:
    """A C2SP tlog-policy: the log keys, the witness keys by name, groups and the quorum."""

    logs: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    quorum: str | None = None

    @staticmethod
    def parse(data: bytes) -> "Policy":
        if len(data) > MAX_POLICY or not data.endswith(b"\n"):
            raise UnusablePolicy("too long, or no newline at the end")
        if any((b < 0x20 and b not in (9, 10)) or b == 0x7F for b in data):
            raise UnusablePolicy("control characters")
        policy, members = Policy(), set()
        for line in data.decode("utf-8", "surrogateescape").split("\n"):
            words = [word for word in re.split(r"[ \t]+", line) if word]
            if not words or words[0].startswith("#"):
                continue
            try:
                policy._line(words, members)
            except (ValueError, UnicodeError) as error:
                raise UnusablePolicy(f"line {line[:80]!a}: {error}") from error
        if policy.quorum is None:
            raise UnusablePolicy("no quorum")
        return policy

    def _line(self, words: list[str], members: set[str]) -> None:
        def new_name(name):
            if name == "none" or name in self.witnesses or name in self.groups:
                raise ValueError("name taken")

        def add_key(text, algorithm, others):
            key = Key.parse(text)
            if key.algorithm != algorithm or any(key.key == other.key for other in others):
                raise ValueError("key of another algorithm, or twice")
            return key

        kind, rest = words[0], words[1:]
        if kind == "log" and len(rest) in (1, 2):
            self.logs.append(add_key(rest[0], ED25519, self.logs))
        elif kind == "witness" and len(rest) in (2, 3):
            new_name(rest[0])
            self.witnesses[rest[0]] = add_key(rest[1], COSIGNATURE, self.witnesses.values())
        elif kind == "group" and len(rest) >= 3:
            new_name(rest[0])
            names = rest[2:]
            for name in names:
                if name in members or not (name in self.witnesses or name in self.groups):
                    raise ValueError(f"member {name!a}")
                members.add(name)
            threshold = {"all": len(names), "any": 1}.get(rest[1]) or decimal(rest[1])
            if not 1 <= threshold <= len(names):
                raise ValueError("threshold")
            self.groups[rest[0]] = (threshold, names)
        elif kind == "quorum" and len(rest) == 1 and self.quorum is None:
            if rest[0] != "none" and rest[0] not in self.witnesses and rest[0] not in self.groups:
                raise ValueError("unknown name")
            self.quorum = rest[0]
        else:
            raise ValueError("shape")

    def satisfied(self, name: str, cosigners: set[str]) -> bool:
        if name == "none":
            return True
        if name in self.groups:
            threshold, names = self.groups[name]
            return sum(self.satisfied(member, cosigners) for member in names) >= threshold
        return name in cosigners

    def date(self, head: "Checkpoint") -> int | None:
        """The smallest time at which those who cosigned by then satisfy the quorum (evidence-v3 §3)."""
        if self.quorum == "none":
            return None
        for time in sorted(head.dates.values()):
            if self.satisfied(self.quorum, {name for name, seen in head.dates.items() if seen <= time}):
                return time
        return None


@dataclass
class Checkpoint:
    """A checkpoint that passed a policy."""

    origin: str
    size: int
    root: bytes
    log_keys: list[Key]
    cosigners: set[str]
    dates: dict[str, int] = field(default_factory=dict)


def checkpoint_text(text: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a text of exactly three lines."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not ORIGIN.match(lines[0]):
        raise Refused("checkpoint_shape")
    try:
        size, root = decimal(lines[1]), base64_exact(lines[2])
    except ValueError as error:
        raise Refused("checkpoint_shape", str(error)) from error
    if len(root) != 32:
        raise Refused("checkpoint_shape", "root length")
    return lines[0], size, root


def check_checkpoint(note: str, policy: Policy) -> Checkpoint:
    """The checkpoint of a note under a policy (log-v1 §2.1)."""
    checkpoint = read_head(note, policy)
    if not checkpoint.log_keys:
        raise Refused("no_log", "no signature by a log key of the policy")
    if not policy.satisfied(policy.quorum, checkpoint.cosigners):
        raise Refused("no_quorum", policy.quorum)
    return checkpoint


def read_head(note: str, policy: Policy) -> Checkpoint:
    """A head and who of the policy has signed it; a line of a known key that does not verify spoils the note."""
    parsed = Note.parse(note)
    origin, size, root = checkpoint_text(parsed.text)
    log_keys, cosigners, dates = [], set(), {}
    for name, data in parsed.lines:
        for key in policy.logs:
            if (key.name, key.id) == (name, data[:4]):
                if not signed_by(key, parsed.text, data[4:]):
                    raise Refused("bad_signature", name)
                if name == origin and key not in log_keys:
                    log_keys.append(key)
        for witness, key in policy.witnesses.items():
            if (key.name, key.id) == (name, data[:4]):
                if not signed_by(key, parsed.text, data[4:]):
                    raise Refused("bad_signature", name)
                cosigners.add(witness)
                time = int.from_bytes(data[4:12], "big")
                dates[witness] = min(time, dates.get(witness, time))
    return Checkpoint(origin, size, root, log_keys, cosigners, dates)


def check_offline_proof(proof: str, leaf: bytes, policy: Policy) -> tuple[int, Checkpoint]:
    """A C2SP tlog-proof for a leaf; returns the index and the checkpoint."""
    head, separator, note = proof.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != "c2sp.org/tlog-proof@v1" or not lines or not lines[0].startswith("index "):
        raise Refused("proof_shape")
    try:
        index = decimal(lines[0][6:])
    except ValueError as error:
        raise Refused("proof_index") from error
    try:
        path = [base64_exact(line) for line in lines[1:]]
        if any(len(step) != 32 for step in path):
            raise ValueError("length")
    except ValueError as error:
        raise Refused("proof_path", str(error)) from error
    checkpoint = check_checkpoint(note, policy)
    try:
        check_inclusion(index, checkpoint.size, leaf_hash(leaf), path, checkpoint.root)
    except BadProof as error:
        raise Refused(error.reason) from error
    return index, checkpoint
