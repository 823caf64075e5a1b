"""A reader of the log that shares no code with this project: aics-tlog, as it comes from the package index.

    check.py SOURCE LOG_VKEY OLD_CHECKPOINT WITNESS_VKEY...

SOURCE is a directory or an address. Verifies the checkpoint (signature of the log, one cosignature of every
witness), every tile and entry against it, an inclusion proof of every entry, growth from the older checkpoint.
"""

import sys
from pathlib import Path

from aics_tlog import (
    HttpTileReader,
    VerifiedTileReader,
    WitnessPolicy,
    audit_tiles,
    consistency_proof_from_tiles,
    inclusion_proof_from_tiles,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    read_entry,
    verify_checkpoint,
    verify_consistency,
    verify_leaf_inclusion,
)
from aics_tlog.remote import tile_source_url


def main(source: str, log_vkey: str, old_file: str, *witnesses: str) -> None:
    log_key = parse_vkey(log_vkey)
    reader = HttpTileReader(tile_source_url(source), proxies={})
    note = parse_note(reader.read_checkpoint())
    policy = WitnessPolicy(quorum=len(witnesses), witnesses=tuple(parse_vkey(w) for w in witnesses))
    result = verify_checkpoint(note, log_key, policy=policy, expected_origin=log_key.name)
    assert result.ok, result
    head = parse_checkpoint(note.text)
    print(f"checkpoint {head.size}, {len(witnesses)} cosignatures")

    report = audit_tiles(reader, head.size, head.root)
    print(f"audit {report}")
    verified = VerifiedTileReader(reader, head.size, head.root)
    for index in range(head.size):
        proof = inclusion_proof_from_tiles(verified, index, head.size)
        entry = read_entry(verified, index, head.size)
        assert verify_leaf_inclusion(entry, index, head.size, proof, head.root), index
    print(f"inclusion of {head.size} entries")

    old_note = parse_note(Path(old_file).read_bytes())
    assert verify_checkpoint(old_note, log_key, expected_origin=log_key.name).log_ok
    old = parse_checkpoint(old_note.text)
    assert old.size < head.size
    proof = consistency_proof_from_tiles(verified, old.size, head.size)
    assert verify_consistency(old.size, head.size, old.root, head.root, proof)
    print(f"growth from {old.size} to {head.size}")


if __name__ == "__main__":
    main(*sys.argv[1:])
