//! The worked example of `tests/vectors/log/offline_proof.json`: a statement, its note, a tree, a
//! cosigned head, a policy, an offline proof, and refusals, each under its name. The file is data
//! that another implementation can use; here it is only read.

use ed25519_dalek::{Signer, SigningKey};

use super::merkle::{inclusion_proof, leaf_hash, root};
use super::samples::{field, text, vector};
use super::*;
use crate::codec::{Hash, Json, from_hex};

fn key(file: &Json, name: &str) -> (SigningKey, VerifierKey) {
    let key = field(field(file, "keys"), name);
    let seed = from_hex(text(key, "seed")).unwrap().try_into().unwrap();
    (SigningKey::from_bytes(&seed), text(key, "vkey").parse().unwrap())
}

fn leaves(file: &Json) -> Vec<Hash> {
    let leaves = field(file, "leaves").as_list().unwrap();
    leaves.iter().map(|leaf| leaf_hash(leaf.as_str().unwrap().as_bytes())).collect()
}

/// The name of a refusal in the file.
fn name(error: &ProofError) -> &'static str {
    match error {
        ProofError::Shape => "proof_shape",
        ProofError::Index => "proof_index",
        ProofError::Path => "proof_path",
        ProofError::Note(NoteError::SignatureLine(_)) => "note_signature_line",
        ProofError::Note(_) => "note_shape",
        ProofError::Checkpoint(_) | ProofError::Head(HeadError::Checkpoint(_)) => "checkpoint_shape",
        ProofError::Head(HeadError::Note(_)) => "bad_signature",
        ProofError::Head(HeadError::NoLog) => "no_log",
        ProofError::Head(HeadError::NoQuorum) => "no_quorum",
        ProofError::Merkle(MerkleError::RootMismatch) => "root_mismatch",
        ProofError::Merkle(MerkleError::OutOfRange) => "out_of_range",
        ProofError::Merkle(_) => "path_length",
    }
}

#[test]
fn the_statement_of_the_example_is_signed_and_opened_as_printed() {
    let file = vector("offline_proof.json");
    let origin = Origin::new(text(&file, "origin")).unwrap();
    let (secret, public) = key(&file, "statements");
    assert_eq!(public.key_bytes(), secret.verifying_key().as_bytes());
    let bytes = text(&file, "statement");
    let statement = Statement::parse(bytes.as_bytes()).unwrap();
    assert_eq!(field(&file, "leaves").as_list().unwrap()[2].as_str(), Some(bytes));
    let note = sign_statement(&statement, &public, |m| secret.sign(m).to_bytes()).unwrap();
    assert_eq!(note.to_string(), text(&file, "statement_note"));
    assert_eq!(open_statement_note(&note, &origin, &public), Ok(statement));
}

#[test]
fn the_proof_of_the_example_is_made_and_judged_as_printed() {
    let file = vector("offline_proof.json");
    let leaves = leaves(&file);
    let (secret, public) = key(&file, "log");
    let size = leaves.len() as u64;
    let checkpoint =
        Checkpoint { origin: Origin::new(text(&file, "origin")).unwrap(), size, root: root(&leaves) };
    let mut note = sign_note(&checkpoint.to_text(), &public, |m| secret.sign(m).to_bytes()).unwrap();
    for (witness, time) in [("w1", 1_800_000_100), ("w2", 1_800_000_050), ("w3", 1_800_000_300)] {
        let (secret, public) = key(&file, witness);
        note.add(cosign(&checkpoint, time, &public, |m| secret.sign(m).to_bytes()).unwrap()).unwrap();
    }
    let proof = LogProof { index: 2, path: inclusion_proof(&leaves, 2).unwrap(), checkpoint: note };
    assert_eq!(proof.to_string(), text(&file, "proof"));

    let policy = Policy::parse(text(&file, "policy").as_bytes()).unwrap();
    let outcome = LogProof::parse(text(&file, "proof").as_bytes()).unwrap().verify(&leaves[2], &policy);
    let outcome = outcome.unwrap();
    assert_eq!(outcome.time, HeadTime::At(field(&file, "head_time").as_int().unwrap()));
    // The policy knows w1 and w2 only.
    assert_eq!(outcome.unknown.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["w3.example/c"]);
}

#[test]
fn every_refusal_of_the_example_is_the_one_named() {
    let file = vector("offline_proof.json");
    let leaves = leaves(&file);
    let refusals = field(&file, "refusals").as_list().unwrap();
    assert!(refusals.len() >= 10);
    for case in refusals {
        // A case replaces one text in the proof or the policy.
        let replaced = |whole: &str| {
            let source = text(&file, whole);
            if text(case, "in") != whole {
                return source.to_owned();
            }
            assert_eq!(source.matches(text(case, "old")).count(), 1, "{case:?}");
            source.replacen(text(case, "old"), text(case, "new"), 1)
        };
        let policy = Policy::parse(replaced("policy").as_bytes()).unwrap();
        let refused =
            LogProof::parse(replaced("proof").as_bytes()).and_then(|proof| proof.verify(&leaves[2], &policy));
        assert_eq!(refused.as_ref().map_err(name).err(), Some(text(case, "refused")), "{case:?}");
    }
}
