//! A sheet laid out and written. It is set as large as fits on one page; a sheet that does not fit even in
//! the smallest size goes on over further pages, and nothing is cut off.

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use qrcode::{Color, EcLevel, QrCode};

use super::font;
use super::sheet::{Cell, Part, Sheet};

/// A4 in points.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 46.0;
/// Sizes of text, the largest first.
const SIZES: [f32; 7] = [10.5, 10.0, 9.5, 9.0, 8.0, 7.0, 6.0];
/// A line is so many times its size high.
const LEADING: f32 = 1.42;
/// Side of the QR code.
const CODE: f32 = 92.0;
/// The fonts' names within the file.
const CHINESE: Name<'static> = Name(b"F1");
const LATIN: Name<'static> = Name(b"F2");

/// Why a sheet cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// More than a QR code holds.
    #[error("the text of the code is too long: {0} bytes")]
    Code(usize),
}

/// The file of a sheet.
///
/// # Errors
/// [`PaperError::Code`].
pub fn pdf(sheet: &Sheet) -> Result<Vec<u8>, PaperError> {
    let code = match &sheet.code {
        Some(text) => Some(Square::of(text)?),
        None => None,
    };
    let mut pages = Vec::new();
    for size in SIZES {
        pages = Layout::of(sheet, code.as_ref(), size);
        if pages.len() == 1 {
            break;
        }
    }
    Ok(write(sheet, pages))
}

/// The dark modules of a QR code.
struct Square {
    side: usize,
    dark: Vec<bool>,
}

impl Square {
    fn of(text: &str) -> Result<Self, PaperError> {
        let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M);
        let code = code.map_err(|_| PaperError::Code(text.len()))?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { side: code.width(), dark })
    }
}

/// Pages while they are filled, from the top down.
struct Layout {
    pages: Vec<Content>,
    /// Distance of the next line from the foot of the page.
    y: f32,
    size: f32,
}

impl Layout {
    fn of(sheet: &Sheet, code: Option<&Square>, size: f32) -> Vec<Content> {
        let mut layout = Self { pages: vec![Content::new()], y: PAGE.1 - MARGIN, size };
        let title = size * 1.6;
        let wide = points(font::width_of(&sheet.title), title);
        layout.y -= title;
        layout.text_at(&sheet.title, (PAGE.0 - wide) / 2.0, layout.y, title);
        layout.y -= title * 0.7;
        for part in &sheet.parts {
            match part {
                Part::Text(text) => layout.paragraph(text, MARGIN, PAGE.0 - 2.0 * MARGIN),
                Part::Table { columns, rows } => layout.table(columns, rows),
            }
            layout.y -= size * 0.6;
        }
        if let Some(code) = code {
            layout.code(code, &sheet.beside_code);
        }
        layout.pages
    }

    /// Makes room for something so high, on a further page if need be.
    fn room(&mut self, high: f32) {
        if self.y - high < MARGIN && self.y < PAGE.1 - MARGIN {
            self.pages.push(Content::new());
            self.y = PAGE.1 - MARGIN;
        }
    }

    fn page(&mut self) -> &mut Content {
        if self.pages.is_empty() {
            self.pages.push(Content::new());
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    fn text_at(&mut self, text: &str, x: f32, y: f32, size: f32) {
        let page = self.page();
        page.begin_text();
        page.next_line(round(x), round(y));
        for run in font::runs(text) {
            page.set_font(if run.latin { LATIN } else { CHINESE }, size);
            page.show(Str(&run.bytes));
        }
        page.end_text();
    }

    fn paragraph(&mut self, text: &str, x: f32, wide: f32) {
        let (size, high) = (self.size, self.size * LEADING);
        for line in font::lines(text, units(wide, size)) {
            self.room(high);
            self.y -= high;
            self.text_at(&line, x, self.y + high * 0.28, size);
        }
    }

    fn table(&mut self, columns: &[u32], rows: &[Vec<Cell>]) {
        let whole: u32 = columns.iter().sum::<u32>().max(1);
        let share = (PAGE.0 - 2.0 * MARGIN) / whole as f32;
        for row in rows {
            self.row(columns, row, share);
        }
    }

    fn row(&mut self, columns: &[u32], row: &[Cell], share: f32) {
        let (size, inset) = (self.size, self.size * 0.4);
        let high = size * LEADING;
        let (mut cells, mut at, mut x) = (Vec::new(), 0, MARGIN);
        for cell in row {
            let span = cell.span.max(1);
            let wide = columns.iter().skip(at).take(span).sum::<u32>() as f32 * share;
            let lines = font::lines(&cell.text, units(wide - 2.0 * inset, size));
            cells.push((x, wide, cell.head, lines));
            (at, x) = (at + span, x + wide);
        }
        let most = cells.iter().map(|(.., lines)| lines.len()).max().unwrap_or(1);
        let tall = most as f32 * high + inset;
        self.room(tall);
        let foot = self.y - tall;
        for (x, wide, head, lines) in cells {
            let page = self.page();
            page.save_state();
            page.set_line_width(0.5);
            page.set_stroke_gray(0.45);
            if head {
                page.set_fill_gray(0.94);
                page.rect(round(x), round(foot), round(wide), round(tall));
                page.fill_nonzero_and_stroke();
            } else {
                page.rect(round(x), round(foot), round(wide), round(tall));
                page.stroke();
            }
            page.restore_state();
            for (n, line) in lines.iter().enumerate() {
                let y = self.y - (n as f32 + 1.0) * high + high * 0.28 - inset * 0.5;
                self.text_at(line, x + inset, y, size);
            }
        }
        self.y = foot;
    }

    /// The code, and the lines beside it.
    fn code(&mut self, code: &Square, beside: &[String]) {
        self.room(CODE + self.size);
        let (top, module) = (self.y, CODE / code.side as f32);
        let page = self.page();
        page.save_state();
        page.set_fill_gray(0.0);
        for (at, _) in code.dark.iter().enumerate().filter(|(_, dark)| **dark) {
            let (row, column) = (at / code.side, at % code.side);
            let (x, y) = (MARGIN + column as f32 * module, top - (row as f32 + 1.0) * module);
            page.rect(round(x), round(y), module, module);
        }
        page.fill_nonzero();
        page.restore_state();
        let foot = top - CODE;
        // A quiet zone of four modules is part of the code (ISO/IEC 18004 §6.3.8).
        let quiet = 4.0 * module;
        for line in beside {
            self.paragraph(line, MARGIN + CODE + quiet, PAGE.0 - 2.0 * MARGIN - CODE - quiet);
        }
        self.y = self.y.min(foot);
    }
}

fn write(sheet: &Sheet, pages: Vec<Content>) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let (catalog, tree, composite, cid, descriptor, info, latin) =
        (Ref::new(1), Ref::new(2), Ref::new(3), Ref::new(4), Ref::new(5), Ref::new(6), Ref::new(7));
    let numbered: Vec<(Ref, Ref, Content)> =
        (0i32..).zip(pages).map(|(n, page)| (Ref::new(8 + 2 * n), Ref::new(9 + 2 * n), page)).collect();
    let mut root = pdf.catalog(catalog);
    root.pages(tree);
    root.lang(TextStr("zh-CN"));
    root.finish();
    pdf.document_info(info).title(TextStr(&sheet.title)).producer(TextStr("expert-draw"));
    let count = i32::try_from(numbered.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(numbered.iter().map(|(page, ..)| *page)).count(count);
    for (id, content, drawn) in numbered {
        let mut page = pdf.page(id);
        page.media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1));
        page.parent(tree);
        page.contents(content);
        page.resources().fonts().pair(CHINESE, composite).pair(LATIN, latin);
        page.finish();
        pdf.stream(content, &drawn.finish());
    }
    pdf.type1_font(latin).base_font(Name(font::LATIN)).encoding_predefined(Name(b"WinAnsiEncoding"));
    pdf.type0_font(composite)
        .base_font(Name(font::COMPOSITE))
        .encoding_predefined(Name(font::CMAP))
        .descendant_font(cid);
    let mut descendant = pdf.cid_font(cid);
    descendant.subtype(CidFontType::Type0);
    descendant.base_font(Name(font::NAME));
    descendant.system_info(SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"GB1"), supplement: 5 });
    descendant.font_descriptor(descriptor);
    descendant.default_width(font::EM as f32);
    descendant.finish();
    // The figures that Adobe published for this font.
    pdf.font_descriptor(descriptor)
        .name(Name(font::NAME))
        .flags(FontFlags::SERIF | FontFlags::SYMBOLIC)
        .bbox(Rect::new(-25.0, -254.0, 1000.0, 880.0))
        .italic_angle(0.0)
        .ascent(752.0)
        .descent(-271.0)
        .cap_height(737.0)
        .stem_v(58.0);
    pdf.finish()
}

/// Width in points of so many units of the font.
fn points(units: u32, size: f32) -> f32 {
    units as f32 * size / font::EM as f32
}

/// Units of the font in so many points.
fn units(points: f32, size: f32) -> u32 {
    (points.max(0.0) * font::EM as f32 / size) as u32
}

/// Two decimals: enough for paper, and the same on every machine.
fn round(points: f32) -> f32 {
    (points * 100.0).round() / 100.0
}
