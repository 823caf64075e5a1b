//! Paper: a sheet of Chinese text, tables and a QR code as the bytes of a PDF file (ISO 32000-1).
//!
//! | file | holds |
//! |---|---|
//! | `sheet` | what stands on a sheet, in order |
//! | `font` | the two fonts: how their text is encoded, how wide it is, where lines break |
//! | `pdf` | a sheet laid out and written |
//!
//! The Chinese font is not embedded: Adobe's standard Chinese font `STSong-Light` in the character collection
//! Adobe-GB1 with the predefined CMap UniGB-UTF16-H (ISO 32000-1 §9.7.5.2). Every reader that can show
//! Chinese takes a Song typeface of its own for it; a reader without one shows boxes, and the text can
//! still be copied. The HTML record stays for those.
//!
//! *Invariant:* the same sheet gives the same bytes: no date, no random id, nothing of the machine.
//!
//! *Deliberately not here:* what a sheet says, and who may see it (`service`).

mod font;
mod pdf;
mod sheet;

pub use pdf::{PaperError, pdf};
pub use sheet::{Cell, Part, Sheet};

#[cfg(test)]
mod pdf_tests;
