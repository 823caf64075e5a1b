//! The heads that witnesses have cosigned: each of the log's history, and what their dates say of the times
//! that the operator wrote.

use super::entries::{Entries, ReadError};
use super::finding::Finding;
use super::source::Source;
use crate::log::{HeadTime, Policy, SignedNote, TILE_WIDTH, TileName, TilePath};

/// By how much an operator's clock may be ahead of the witnesses', in seconds.
const TOLERANCE: i64 = 300;

/// Size and date of heads.
pub type Dated = Vec<(u64, i64)>;

/// Heads that the auditor's quorum has dated, ascending by size.
pub fn read(
    source: &dyn Source,
    size: u64,
    policy: &Policy,
    entries: &Entries,
) -> Result<(Dated, Vec<Finding>), ReadError> {
    let (mut dated, mut found) = (Vec::new(), Vec::new());
    for number in 0..size.div_ceil(u64::from(TILE_WIDTH)) {
        let path = TilePath::new(TileName::Entries, number, TILE_WIDTH)
            .ok_or_else(|| ReadError::File(format!("heads {number}")))?;
        let path = path.to_string().replacen("tile/entries/", "heads/", 1);
        let got = source.get(&path).map_err(|source| ReadError::Io { path: path.clone(), source })?;
        let Some(bytes) = got else { continue };
        let text = String::from_utf8(bytes).map_err(|_| ReadError::File(path.clone()))?;
        // Text, empty line, signatures, empty line, and so on.
        let parts: Vec<&str> = text.split("\n\n").take(2 * TILE_WIDTH as usize + 1).collect();
        if parts.len() > 2 * TILE_WIDTH as usize {
            // One head for each size of the tile.
            found.push(Finding::new("head", format!("{path}: more heads than sizes")));
            continue;
        }
        for pair in parts.chunks(2) {
            let [text, lines] = pair else { return Err(ReadError::File(path)) };
            let note = format!("{text}\n\n{}\n", lines.trim_end_matches('\n'));
            head(&note, size, policy, entries, &mut dated, &mut found);
        }
    }
    dated.sort_unstable();
    found.extend(clocks(&dated, &entries.times));
    Ok((dated, found))
}

fn head(
    note: &str,
    size: u64,
    policy: &Policy,
    entries: &Entries,
    dated: &mut Vec<(u64, i64)>,
    found: &mut Vec<Finding>,
) {
    let judged = SignedNote::parse(note.as_bytes()).map_err(|e| e.to_string());
    let judged = judged.and_then(|note| policy.judge(&note).map_err(|e| e.to_string()));
    let judged = match judged {
        Ok(judged) => judged,
        Err(why) => return found.push(Finding::new("head", why)),
    };
    let head = &judged.checkpoint;
    if head.size > size {
        return;
    }
    if entries.tree.root(head.size) != Some(head.root) {
        // Whoever signed it: the log's key or a witness the auditor pins makes it the log's own word.
        if judged.log.is_some() || !judged.witnesses.is_empty() {
            found.push(Finding::new("head", format!("size {}, root {}", head.size, head.root)));
        }
        return;
    }
    if let (Some(_), HeadTime::At(time)) = (&judged.log, judged.time) {
        dated.push((head.size, time));
    }
}

/// Entries that are dated later than a head that covers them, or long before one that does not: whichever
/// way, one of the clocks is wrong, or the entry was written at another time than it says.
fn clocks(dated: &[(u64, i64)], times: &[i64]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut from = 0usize;
    for (n, (size, date)) in dated.iter().enumerate() {
        let end = usize::try_from(*size).unwrap_or(usize::MAX).min(times.len());
        // Times do not fall, so the last entry under a head is the one to look at,
        if let Some(newest) = times.get(from..end).and_then(|times| times.last())
            && *newest > date.saturating_add(TOLERANCE)
        {
            let what = format!("{} seconds ahead of the head of size {size}", newest.saturating_sub(*date));
            found.push(Finding::new("clock", what).at(*size - 1));
        }
        // and the first one above it, once for each stretch between two heads.
        let next =
            dated.get(n + 1).map_or(usize::MAX, |(size, _)| usize::try_from(*size).unwrap_or(usize::MAX));
        if let Some(oldest) = times.get(end).filter(|_| end < next)
            && *oldest < date.saturating_sub(TOLERANCE)
        {
            let what = format!(
                "{} seconds older than the head of size {size} below it",
                date.saturating_sub(*oldest)
            );
            found.push(Finding::new("clock", what).at(*size));
        }
        from = end.max(from);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_at_the_end_of_time_is_a_clock_that_is_wrong_and_nothing_worse() {
        let found = clocks(&[(1, i64::MAX), (2, i64::MIN)], &[0, 5, 9]);
        assert_eq!(found.iter().map(|found| found.name).collect::<Vec<_>>(), ["clock", "clock"]);
    }
}
