//! Edits of a lowered text, and the way back to the text that the user wrote.

use ruff_diagnostics::SourceMap;
use ruff_text_size::{TextLen, TextRange, TextSize};

/// Replaces the text of `range` by `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repair {
    pub(crate) range: TextRange,
    pub(crate) text: String,
}

/// Maps ranges of an edited text to ranges of the text before the edits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EditMap {
    /// From the first step of editing to the last; each in ascending order.
    steps: Vec<Vec<AppliedEdit>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AppliedEdit {
    before: TextRange,
    after: TextRange,
    closes: bool,
}

impl EditMap {
    /// Applies `repairs` to `text`. At one offset, what closes comes before what opens. Of two that
    /// overlap, the first one is applied.
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
            if repair.range.start() < done {
                continue;
            }
            result.push_str(&text[TextRange::new(done, repair.range.start())]);
            let start = result.text_len();
            markers.push_marker(repair.range.start(), start);
            result.push_str(&repair.text);
            markers.push_marker(repair.range.end(), result.text_len());
            edits.push(AppliedEdit {
                before: repair.range,
                after: TextRange::new(start, result.text_len()),
                closes: repair.text.starts_with(')'),
            });
            done = repair.range.end();
        }
        result.push_str(&text[usize::from(done)..]);
        (result, EditMap { steps: vec![edits] }, markers)
    }

    /// The map of these edits and of later ones.
    #[must_use]
    pub(crate) fn then(mut self, later: EditMap) -> EditMap {
        self.steps.extend(later.steps);
        self
    }

    /// Where `offset` of the text before the edits is now. Where something opens, that is behind it; where
    /// something closes, before it.
    pub(crate) fn after(&self, offset: TextSize) -> TextSize {
        self.steps
            .iter()
            .fold(offset, |offset, step| after(step, offset))
    }

    /// Where `range` of the edited text was before; `None` if all of it was inserted.
    pub(crate) fn before(&self, range: TextRange) -> Option<TextRange> {
        self.steps
            .iter()
            .rev()
            .try_fold(range, |range, step| before(step, range))
    }
}

fn after(edits: &[AppliedEdit], offset: TextSize) -> TextSize {
    let is_passed = |edit: &AppliedEdit| {
        let end = edit.before.end();
        end < offset || (end == offset && !(edit.before.is_empty() && edit.closes))
    };
    let next = edits.partition_point(is_passed);
    match next.checked_sub(1).map(|last| edits[last]) {
        Some(edit) => edit.after.end() + (offset - edit.before.end()),
        None => offset,
    }
}

fn before(edits: &[AppliedEdit], range: TextRange) -> Option<TextRange> {
    let is_inserted = edits
        .get(edits.partition_point(|edit| edit.after.end() <= range.start()))
        .is_some_and(|edit| edit.before.is_empty() && edit.after.contains_range(range));
    if is_inserted && !range.is_empty() {
        return None;
    }
    let start = start_before(edits, range.start());
    if range.is_empty() {
        return Some(TextRange::empty(start));
    }
    Some(TextRange::new(
        start,
        end_before(edits, range.end()).max(start),
    ))
}

/// An offset inside an edit maps to its start.
fn start_before(edits: &[AppliedEdit], offset: TextSize) -> TextSize {
    let next = edits.partition_point(|edit| edit.after.start() <= offset);
    let Some(edit) = next.checked_sub(1).map(|last| edits[last]) else {
        return offset;
    };
    if offset < edit.after.end() {
        edit.before.start()
    } else {
        edit.before.end() + (offset - edit.after.end())
    }
}

/// An offset inside an edit maps to its end.
fn end_before(edits: &[AppliedEdit], offset: TextSize) -> TextSize {
    let next = edits.partition_point(|edit| edit.after.start() < offset);
    let Some(edit) = next.checked_sub(1).map(|last| edits[last]) else {
        return offset;
    };
    if offset <= edit.after.end() {
        edit.before.end()
    } else {
        edit.before.end() + (offset - edit.after.end())
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
            &text[map
                .before(TextRange::at(start, part.text_len()))
                .expect("not inserted")]
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
        let before = |start: u32, end: u32| {
            &text[map
                .before(TextRange::new(start.into(), end.into()))
                .expect("not inserted")]
        };
        assert_eq!(before(3, 10), "Z0___");
        assert_eq!(before(11, 16), "Color");
    }

    #[test]
    fn what_was_inserted_was_nowhere_before() {
        let (first, map, _) = EditMap::apply("f()", vec![insertion(0, "twin; ")]);
        let (second, later, _) =
            EditMap::apply(&first, vec![insertion(6, "strip("), insertion(9, ")")]);
        assert_eq!(second, "twin; strip(f())");
        let map = map.then(later);
        let range = |start: u32, end: u32| TextRange::new(start.into(), end.into());
        assert_eq!(map.before(range(0, 4)), None);
        assert_eq!(map.before(range(6, 16)), Some(range(0, 3)));
        assert_eq!(map.before(range(12, 13)), Some(range(0, 1)));
    }

    #[test]
    fn offsets_stay_in_what_they_are_in() {
        let (edited, map, _) =
            EditMap::apply("p.head", vec![insertion(0, "strip(("), insertion(1, "))")]);
        assert_eq!(edited, "strip((p)).head");
        let after = |offset: u32| u32::from(map.after(offset.into()));
        assert_eq!([after(0), after(1), after(2), after(6)], [7, 8, 11, 15]);
    }
}
