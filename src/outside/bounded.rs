//! One bounded HTTP call: in time, of a limited length, without following redirects. What relays and
//! witnesses are asked by.

use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(3);

/// Why a call brought no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// No connection, or it broke.
    Unreachable,
    /// No whole answer in time.
    Timeout,
    /// An answer longer than is read.
    TooLarge,
    /// An answer that is no HTTP.
    Malformed,
    /// Another address was named; it is not asked.
    Redirect,
}

/// An agent whose calls end in time and follow nobody.
pub(super) fn agent(timeout: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(timeout))
        .timeout_connect(Some(CONNECT.min(timeout)))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build()
        .into()
}

/// An answer that is no redirect.
pub(super) fn answered(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<ureq::http::Response<ureq::Body>, Failed> {
    let answer = answer.map_err(|error| failed(&error))?;
    if answer.status().is_redirection() { Err(Failed::Redirect) } else { Ok(answer) }
}

/// The body of an answer, of at most `limit` bytes.
pub(super) fn body(mut answer: ureq::http::Response<ureq::Body>, limit: u64) -> Result<Vec<u8>, Failed> {
    answer.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| failed(&error))
}

fn failed(error: &ureq::Error) -> Failed {
    match error {
        ureq::Error::Timeout(_) => Failed::Timeout,
        ureq::Error::BodyExceedsLimit(_) => Failed::TooLarge,
        ureq::Error::Http(_) | ureq::Error::Protocol(_) => Failed::Malformed,
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Failed::Timeout,
        _ => Failed::Unreachable,
    }
}
