//! Edits of a lowered text, and the way back to the text that the user wrote.

use ruff_diagnostics::SourceMap;
use ruff_text_size::{TextLen, TextRange, TextSize};

/// Replaces the text of `range` by `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repair {
    pub(crate) range: TextRange,
    pub(crate) text: String,
}

/// Maps offsets of a repaired text to offsets of the text before the repairs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EditMap {
    /// In ascending order.
    edits: Vec<AppliedEdit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AppliedEdit {
    before: TextRange,
    after: TextRange,
}

impl EditMap {
    /// Applies `repairs` to `text`. At one offset, what closes comes before what opens.
    ///
    /// # Panics
    /// If two repairs overlap.
    pub(crate) fn apply(text: &str, mut repairs: Vec<Repair>) -> (String, EditMap, SourceMap) {
        repairs.sort_by_key(|repair| {
            let closes = repair.text.starts_with(')');
            (repair.range.start(), !closes, repair.range.end())
        });
        let mut result = String::with_capacity(text.len() + 16 * repairs.len());
        let mut edits = Vec::with_capacity(repairs.len());
        let mut markers = SourceMap::default();
        let mut done = TextSize::new(0);
        for repair in repairs {
            assert!(done <= repair.range.start(), "repairs overlap");
            result.push_str(&text[TextRange::new(done, repair.range.start())]);
            let start = result.text_len();
            markers.push_marker(repair.range.start(), start);
            result.push_str(&repair.text);
            markers.push_marker(repair.range.end(), result.text_len());
            edits.push(AppliedEdit {
                before: repair.range,
                after: TextRange::new(start, result.text_len()),
            });
            done = repair.range.end();
        }
        result.push_str(&text[usize::from(done)..]);
        (result, EditMap { edits }, markers)
    }

    /// Where `offset` of the repaired text was before. An offset inside inserted text maps to the
    /// place of the insertion.
    fn start_before(&self, offset: TextSize) -> TextSize {
        let next = self.edits.partition_point(|edit| edit.after.start() <= offset);
        let Some(edit) = next.checked_sub(1).map(|last| self.edits[last]) else {
            return offset;
        };
        if offset < edit.after.end() {
            edit.before.start()
        } else {
            edit.before.end() + (offset - edit.after.end())
        }
    }

    fn end_before(&self, offset: TextSize) -> TextSize {
        let next = self.edits.partition_point(|edit| edit.after.start() < offset);
        let Some(edit) = next.checked_sub(1).map(|last| self.edits[last]) else {
            return offset;
        };
        if offset <= edit.after.end() {
            edit.before.end()
        } else {
            edit.before.end() + (offset - edit.after.end())
        }
    }

    /// Where `range` of the repaired text was before.
    pub(crate) fn before(&self, range: TextRange) -> TextRange {
        let start = self.start_before(range.start());
        if range.is_empty() {
            return TextRange::empty(start);
        }
        TextRange::new(start, self.end_before(range.end()).max(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insertion(offset: u32, text: &str) -> Repair {
        Repair {
            range: TextRange::empty(TextSize::new(offset)),
            text: text.to_owned(),
        }
    }

    #[test]
    fn ranges_map_back_to_the_same_text() {
        let text = "a.b + c.d";
        let (repaired, map, _) = EditMap::apply(
            text,
            vec![
                insertion(0, "strip("),
                insertion(1, ")"),
                insertion(6, "strip("),
                insertion(7, ")"),
            ],
        );
        assert_eq!(repaired, "strip(a).b + strip(c).d");
        let back = |part: &str| {
            let start = TextSize::try_from(repaired.find(part).expect("part of the text")).unwrap();
            &text[map.before(TextRange::at(start, part.text_len()))]
        };
        assert_eq!(back("strip(a)"), "a");
        assert_eq!(back("strip(a).b"), "a.b");
        assert_eq!(back("c"), "c");
        assert_eq!(back("strip(c).d"), "c.d");
        assert_eq!(back(&repaired), text);
        assert_eq!(back(".b + "), ".b + ");
    }

    #[test]
    fn a_replacement_maps_back_as_a_whole() {
        let text = "x: Z0___[Color]";
        let (repaired, map, _) = EditMap::apply(
            text,
            vec![Repair {
                range: TextRange::new(3.into(), 8.into()),
                text: "Zopaque".to_owned(),
            }],
        );
        assert_eq!(repaired, "x: Zopaque[Color]");
        assert_eq!(&text[map.before(TextRange::new(3.into(), 10.into()))], "Z0___");
        assert_eq!(&text[map.before(TextRange::new(11.into(), 16.into()))], "Color");
    }
}
