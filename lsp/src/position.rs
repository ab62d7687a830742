//! Places in texts: the protocol counts lines and code units, everything else counts bytes.

use std::ops::Range;

use lsp_types as lt;

/// What the protocol's columns count. The client and the server agree on it at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Encoding {
    fn width(self, character: char) -> usize {
        match self {
            Encoding::Utf8 => character.len_utf8(),
            Encoding::Utf16 => character.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }
}

/// Where the lines of a text start. A line ends with `\n`, `\r\n` or `\r`.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' => starts.push(index + 1),
                b'\r' if bytes.get(index + 1) != Some(&b'\n') => starts.push(index + 1),
                _ => (),
            }
        }
        Self { starts }
    }

    /// The bytes of a line without what ends it. Lines that do not exist are empty, behind the text.
    pub fn line(&self, text: &str, line: usize) -> Range<usize> {
        let Some(&start) = self.starts.get(line) else {
            return text.len()..text.len();
        };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let content = text[start..end].trim_end_matches(['\r', '\n']);
        start..start + content.len()
    }

    /// An offset beyond the text is that of its end, one inside of a character or of `\r\n` is that of
    /// its start.
    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> lt::Position {
        let offset = text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let content = self.line(text, line);
        let before = &text[content.start..offset.min(content.end)];
        let column = if before.is_ascii() {
            before.len()
        } else {
            before.chars().map(|it| encoding.width(it)).sum()
        };
        lt::Position::new(line as u32, column as u32)
    }

    /// A column beyond the line is that of its end, a line beyond the text is that of its end, and a
    /// column inside of a character is that of its start.
    pub fn offset(&self, text: &str, position: lt::Position, encoding: Encoding) -> usize {
        let content = self.line(text, position.line as usize);
        let mut rest = position.character as usize;
        let line = &text[content.clone()];
        for (index, character) in line.char_indices() {
            let width = encoding.width(character);
            if rest < width {
                return content.start + index;
            }
            rest -= width;
        }
        content.end
    }

    pub fn range(&self, text: &str, range: Range<usize>, encoding: Encoding) -> lt::Range {
        lt::Range {
            start: self.position(text, range.start, encoding),
            end: self.position(text, range.end, encoding),
        }
    }

    /// In order, even if the client's is not.
    pub fn offsets(&self, text: &str, range: lt::Range, encoding: Encoding) -> Range<usize> {
        let start = self.offset(text, range.start, encoding);
        let end = self.offset(text, range.end, encoding);
        start.min(end)..start.max(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Encoding::{Utf8, Utf16, Utf32};

    fn column(text: &str, offset: usize, encoding: Encoding) -> u32 {
        let position = LineIndex::new(text).position(text, offset, encoding);
        assert_eq!(position.line, 0);
        position.character
    }

    #[test]
    fn columns_count_what_was_agreed() {
        // A combining accent is a character of its own; the clef is outside the basic plane.
        let text = "e\u{301}𝄞x";
        let x = text.find('x').unwrap();
        assert_eq!(column(text, x, Utf8), 7);
        assert_eq!(column(text, x, Utf16), 4);
        assert_eq!(column(text, x, Utf32), 3);
    }

    #[test]
    fn every_line_end_counts() {
        let text = "a\r\nb\rc\nd";
        let index = LineIndex::new(text);
        let lines: Vec<_> = (0..5).map(|it| &text[index.line(text, it)]).collect();
        assert_eq!(lines, ["a", "b", "c", "d", ""]);
        assert_eq!(index.position(text, 5, Utf16), lt::Position::new(2, 0));
    }

    #[test]
    fn what_is_outside_is_moved_inside() {
        let text = "é𝄞\r\nb";
        let index = LineIndex::new(text);
        let offset =
            |line, column, encoding| index.offset(text, lt::Position::new(line, column), encoding);
        assert_eq!(offset(0, 99, Utf16), 6, "before the line's end");
        assert_eq!(offset(0, 2, Utf16), 2, "between surrogates");
        assert_eq!(offset(0, 1, Utf8), 0, "inside of a character");
        assert_eq!(offset(9, 0, Utf16), text.len());
        assert_eq!(offset(u32::MAX, u32::MAX, Utf32), text.len());
        assert_eq!(
            index.position(text, 7, Utf16),
            lt::Position::new(0, 3),
            "between \\r and \\n"
        );
        assert_eq!(index.position(text, 3, Utf16), lt::Position::new(0, 1));
        assert_eq!(index.position(text, 99, Utf16), lt::Position::new(1, 1));
    }

    #[test]
    fn positions_and_offsets_are_inverse() {
        let text = "\r\r\n𝄞é\u{301}\n\u{feff}x\ty\r";
        let index = LineIndex::new(text);
        for encoding in [Utf8, Utf16, Utf32] {
            for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
                if text[..offset].ends_with('\r') && text[offset..].starts_with('\n') {
                    continue;
                }
                let position = index.position(text, offset, encoding);
                assert_eq!(index.offset(text, position, encoding), offset);
            }
        }
    }

    #[test]
    fn a_range_is_put_in_order() {
        let text = "abc";
        let range = lt::Range {
            start: lt::Position::new(0, 2),
            end: lt::Position::new(0, 1),
        };
        assert_eq!(LineIndex::new(text).offsets(text, range, Utf16), 1..2);
    }
}
