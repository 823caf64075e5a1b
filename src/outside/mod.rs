//! What speaks to others: messages to experts over a gateway for SMS and voice, or by mail; witnesses.
//!
//! | file | holds |
//! |---|---|
//! | `message` | what a message may say, and how it reads |
//! | `wire` | the bytes of the gateway's contract: requests, signatures, reports (`api-spec/gateway-v1.md`) |
//! | `gateway` | the client of an SMS and voice gateway, over HTTP |
//! | `mail` | a mail relay, over SMTP |
//! | `reference` | a gateway for tests that loses, delays, doubles and reorders |
//! | `asking` | a witness or a drand relay asked for its contribution to a draw |
//! | `witness` | the client of a witness, over HTTP (C2SP tlog-witness) |
//!
//! A channel is handed one [`Letter`] at a time and says what became of it. It keeps nothing: what is to
//! be sent stands in the outbox, which follows the journal (`service::calls`). A letter may be handed
//! over twice (the process ended before the answer was written down); its key is then the same, and a
//! gateway that keeps the contract sends it once.
//!
//! *Invariants:* a message never names project, purchaser, suppliers or other members, because a [`Notice`]
//! has no field for them. Texts of errors hold no phone number and no address.
//!
//! *Deliberately not here:* TLS. A gateway or a mail relay is reached on this machine, through a proxy or a
//! relay that speaks TLS to the world ([`is_local`]); phone numbers never cross a network in clear.

pub mod asking;
mod bounded;
pub mod gateway;
pub mod mail;
pub mod message;
pub mod reference;
pub mod wire;
pub mod witness;

pub use message::{Letter, Notice};

use std::net::IpAddr;

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The channel has it; it goes out, or has gone out.
    Taken,
    /// Not now: the class of trouble, for the journal. It is tried again later.
    Later(&'static str),
    /// Never: the class of the reason. It is not tried again.
    Never(&'static str),
}

/// A way to reach somebody.
pub trait Channel: Send + Sync {
    /// The word in the outbox and the journal.
    fn name(&self) -> &'static str;

    /// Hands one letter over. May take seconds; must return in bounded time.
    fn send(&self, letter: &Letter) -> Outcome;
}

/// Several channels in order: the first that is able to reach the person has the letter.
pub struct InOrder(pub Vec<Box<dyn Channel>>);

impl Channel for InOrder {
    fn name(&self) -> &'static str {
        self.0.first().map_or("none", |channel| channel.name())
    }

    fn send(&self, letter: &Letter) -> Outcome {
        let mut last = Outcome::Never("no_channel");
        for channel in &self.0 {
            match channel.send(letter) {
                Outcome::Never(why) => last = Outcome::Never(why),
                // "Later" ends the search too: another channel would be a second message, should the first go out.
                other => return other,
            }
        }
        last
    }
}

/// Whether a host is this machine: a loopback address or `localhost`.
pub fn is_local(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        for host in ["127.0.0.1", "127.3.2.1", "localhost", "::1", "[::1]"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["10.0.0.1", "sms.example.cn", "localhost.example.cn", "0.0.0.0", ""] {
            assert!(!is_local(host), "{host}");
        }
    }

    struct Fixed(Outcome);

    impl Channel for Fixed {
        fn name(&self) -> &'static str {
            "fixed"
        }

        fn send(&self, _: &Letter) -> Outcome {
            self.0.clone()
        }
    }

    #[test]
    fn a_letter_goes_over_one_channel_only() {
        let letter = message::tests::letter();
        let order = |outcomes: &[Outcome]| {
            let channels = outcomes.iter().map(|o| Box::new(Fixed(o.clone())) as Box<dyn Channel>);
            InOrder(channels.collect()).send(&letter)
        };
        let (never, later) = (Outcome::Never("no_phone"), Outcome::Later("timeout"));
        assert_eq!(order(&[never.clone(), Outcome::Taken]), Outcome::Taken);
        assert_eq!(order(&[later.clone(), Outcome::Taken]), later, "it may have gone out");
        assert_eq!(order(&[never.clone(), never.clone()]), never);
        assert_eq!(order(&[]), Outcome::Never("no_channel"));
    }
}
