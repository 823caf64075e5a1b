//! One bounded HTTP call: in time, of a limited length, without following redirects. What relays and
//! witnesses are asked by, beside cosignatures.

use std::time::Duration;

use super::asking::Trouble;

const CONNECT: Duration = Duration::from_secs(3);

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

/// Status and body of an answer; redirects and what is too long are trouble.
pub(super) fn body(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    limit: u64,
) -> Result<(u16, Vec<u8>), Trouble> {
    let mut answer = answer.map_err(|error| trouble(&error))?;
    let status = answer.status().as_u16();
    if (300..400).contains(&status) {
        return Err(Trouble::Redirect);
    }
    let body = answer.body_mut().with_config().limit(limit).read_to_vec();
    Ok((status, body.map_err(|error| trouble(&error))?))
}

fn trouble(error: &ureq::Error) -> Trouble {
    match error {
        ureq::Error::Timeout(_) => Trouble::Timeout,
        ureq::Error::BodyExceedsLimit(_) => Trouble::TooLarge,
        ureq::Error::Http(_) | ureq::Error::Protocol(_) => Trouble::Malformed,
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Trouble::Timeout,
        _ => Trouble::Unreachable,
    }
}
