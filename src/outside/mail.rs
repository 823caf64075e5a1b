//! A mail relay on this machine, over SMTP (RFC 5321): one connection, one letter.
//!
//! A small client is enough: no TLS (the relay's business), no authentication (the relay listens on a
//! loopback address), plain text in base64 (RFC 2045). The Message-ID is made of the message's key, so a
//! letter that is handed over twice carries one id; **SMTP itself removes no doubles**, and a process that
//! dies between the relay's answer and writing it down sends the mail again.
//!
//! *Invariants:* an address with a blank, a bracket, a control or a non-ASCII character never reaches a
//! command line of SMTP; every read is bounded in time and length.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::message::{INVITATION, Letter};
use super::{Channel, Outcome, is_local};

const TIMEOUT: Duration = Duration::from_secs(15);
/// The longest reply that is read, in bytes.
const REPLY_LIMIT: u64 = 8 << 10;

/// A mail relay.
#[derive(Clone, Debug)]
pub struct Mail {
    relay: String,
    from: String,
}

/// Whether an address can be a relay's: `host:port` of this machine.
pub fn check_relay(relay: &str) -> Result<(), &'static str> {
    let good =
        relay.rsplit_once(':').is_some_and(|(host, port)| is_local(host) && port.parse::<u16>().is_ok());
    if good {
        Ok(())
    } else {
        Err("须为本机 地址:端口，例如 127.0.0.1:25 (must be host:port on this machine)")
    }
}

/// Whether a text can stand as an address between the brackets of SMTP.
pub fn is_address(text: &str) -> bool {
    let visible =
        text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b',' | b';' | b'"' | b'\\'));
    let parts = text.rsplit_once('@');
    visible && text.len() <= 254 && parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
}

impl Mail {
    /// Over a checked relay, from a checked address.
    pub fn new(relay: &str, from: &str) -> Self {
        Self { relay: relay.to_owned(), from: from.to_owned() }
    }

    /// The whole conversation; the error is the reply's code, 0 for trouble below SMTP.
    fn converse(&self, letter: &Letter, to: &str) -> Result<(), u16> {
        let below = |_| 0u16;
        let address = self.relay.to_socket_addrs().map_err(below)?.next().ok_or(0u16)?;
        let stream = TcpStream::connect_timeout(&address, TIMEOUT).map_err(below)?;
        stream.set_read_timeout(Some(TIMEOUT)).map_err(below)?;
        stream.set_write_timeout(Some(TIMEOUT)).map_err(below)?;
        let mut lines = BufReader::new(stream.try_clone().map_err(below)?.take(REPLY_LIMIT));
        let mut out = stream;
        reply(&mut lines, 220)?;
        let mut say = |line: &str, expected: u16| {
            out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\r\n")).map_err(below)?;
            reply(&mut lines, expected)
        };
        say("EHLO localhost", 250)?;
        say(&format!("MAIL FROM:<{}>", self.from), 250)?;
        // A relay that has no such mailbox says so here; its "no" is the person's, not the relay's.
        say(&format!("RCPT TO:<{to}>"), 250)
            .map_err(|code| if (500..600).contains(&code) { NO_MAILBOX } else { code })?;
        say("DATA", 354)?;
        say(&format!("{}\r\n.", self.text(letter, to)), 250)?;
        // The letter is handed over; whether the farewell is heard changes nothing.
        let _ = say("QUIT", 221);
        Ok(())
    }

    /// Headers and body. Base64 lines never begin with a dot, so none has to be stuffed.
    fn text(&self, letter: &Letter, to: &str) -> String {
        let domain = self.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let subject = if letter.notice.kind() == INVITATION { "评审邀请" } else { "评审通知" };
        let body = base64(letter.notice.text().as_bytes());
        let wrapped: Vec<&str> =
            body.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!(
            "From: <{}>\r\nTo: <{to}>\r\nSubject: =?UTF-8?B?{}?=\r\nMessage-ID: <{}@{domain}>\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\
             Auto-Submitted: auto-generated\r\n\r\n{}",
            self.from,
            base64(subject.as_bytes()),
            letter.key,
            wrapped.join("\r\n"),
        )
    }
}

/// Stands for a permanent refusal of the recipient.
const NO_MAILBOX: u16 = 1;

impl Channel for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn send(&self, letter: &Letter) -> Outcome {
        let Some(to) = letter.mail.as_deref().filter(|mail| is_address(mail)) else {
            return Outcome::Never("no_mail");
        };
        match self.converse(letter, to) {
            Ok(()) => Outcome::Taken,
            Err(NO_MAILBOX) => Outcome::Never("mail_refused"),
            Err(0) => Outcome::Later("mail_unreachable"),
            Err(_) => Outcome::Later("mail_busy"),
        }
    }
}

/// Reads one reply, of several lines perhaps; the error is its code when it is not the expected one.
fn reply(lines: &mut impl BufRead, expected: u16) -> Result<(), u16> {
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).map_err(|_| 0u16)?;
        let code: u16 = line.get(..3).and_then(|code| code.parse().ok()).ok_or(0u16)?;
        if line.as_bytes().get(3) == Some(&b'-') {
            continue;
        }
        return if code == expected { Ok(()) } else { Err(code.max(2)) };
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    Base64::encode_string(bytes)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::outside::message::tests::letter;

    /// A relay that answers from a list and tells what it heard.
    fn relay(replies: &'static [&'static str]) -> (String, std::sync::mpsc::Receiver<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let (mut out, mut heard) = (stream, Vec::new());
            let mut replies = replies.iter();
            let mut answer = |out: &mut TcpStream| {
                replies.next().is_some_and(|reply| out.write_all(format!("{reply}\r\n").as_bytes()).is_ok())
            };
            let mut more = answer(&mut out);
            let mut in_data = false;
            while more {
                let mut line = String::new();
                if lines.read_line(&mut line).unwrap_or(0) == 0 {
                    break;
                }
                let line = line.trim_end().to_owned();
                heard.push(line.clone());
                if in_data && line != "." {
                    continue;
                }
                in_data = line == "DATA";
                more = answer(&mut out);
            }
            let _ = tell.send(heard);
        });
        (address, told)
    }

    #[test]
    fn a_letter_is_handed_over_under_its_key() {
        let (address, told) = relay(&[
            "220 hello",
            "250-one\r\n250 two",
            "250 ok",
            "250 ok",
            "354 go on",
            "250 taken",
            "221 bye",
        ]);
        let mail = Mail::new(&address, "draw@example.cn");
        assert_eq!(mail.send(&letter()), Outcome::Taken);
        let heard = told.recv().unwrap();
        assert_eq!(heard[1], "MAIL FROM:<draw@example.cn>");
        assert_eq!(heard[2], "RCPT TO:<wang@example.cn>");
        assert!(heard.contains(&"Message-ID: <M0123456789abcdef@example.cn>".to_owned()), "{heard:?}");
        assert!(heard.iter().all(|line| line.len() <= 80 && !line.contains("评审")), "{heard:?}");
    }

    #[test]
    fn a_refused_mailbox_is_final_and_a_busy_relay_is_not() {
        let (address, _told) = relay(&["220 hello", "250 ok", "250 ok", "550 no such user"]);
        assert_eq!(Mail::new(&address, "a@b.cn").send(&letter()), Outcome::Never("mail_refused"));
        let (address, _told) = relay(&["220 hello", "250 ok", "451 later"]);
        assert_eq!(Mail::new(&address, "a@b.cn").send(&letter()), Outcome::Later("mail_busy"));
        let (address, _told) = relay(&["220 hello"]);
        assert_eq!(Mail::new(&address, "a@b.cn").send(&letter()), Outcome::Later("mail_unreachable"));
    }

    #[test]
    fn an_address_cannot_say_a_second_command() {
        for good in ["wang@example.cn", "w.ang+x@mail.example.cn"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "wang", "@x", "wang@", "a@b>\r\nDATA", "a b@c", "王@example.cn", "<a@b>", "a@b,c@d"]
        {
            assert!(!is_address(bad), "{bad}");
            let letter = Letter { mail: Some(bad.into()), ..letter() };
            assert_eq!(Mail::new("127.0.0.1:1", "a@b.cn").send(&letter), Outcome::Never("no_mail"));
        }
        assert!(check_relay("127.0.0.1:25").is_ok() && check_relay("mail.example.cn:25").is_err());
    }
}
