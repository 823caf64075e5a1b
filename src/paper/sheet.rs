//! What stands on a sheet: a title, a code beside the first lines, tables and paragraphs in order.

/// A sheet of A4, upright.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// In the middle of the first line.
    pub title: String,
    /// What the QR code at the foot of the sheet says; none without it.
    pub code: Option<String>,
    /// What stands beside the code.
    pub beside_code: Vec<String>,
    /// What stands on it.
    pub parts: Vec<Part>,
}

/// A part of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A paragraph, broken into lines as needed.
    Text(String),
    /// A table: columns as shares of the width, and rows of as many cells.
    Table {
        /// Shares of the width.
        columns: Vec<u32>,
        /// Rows; a cell that spans takes the columns of those that are missing after it.
        rows: Vec<Vec<Cell>>,
    },
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// On a grey ground.
    pub head: bool,
    /// Columns that it takes, at least 1.
    pub span: usize,
}

impl Cell {
    /// A cell that names something.
    pub fn head(text: impl Into<String>) -> Self {
        Self { text: text.into(), head: true, span: 1 }
    }

    /// A cell.
    pub fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), head: false, span: 1 }
    }

    /// A cell over several columns.
    pub fn over(text: impl Into<String>, span: usize) -> Self {
        Self { text: text.into(), head: false, span: span.max(1) }
    }
}
