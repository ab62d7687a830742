//! The code that a finding is about, in the shape that `codespan-reporting` asks for.
//!
//! What is drawn is not the file but a copy of the lines in question, because a file can hold
//! lines too long to read and characters that a terminal would act upon.

use std::ops::Range;

use codespan_reporting::diagnostic::LabelStyle;
use codespan_reporting::files::{Error, Files, Location};
use ruff_text_size::{TextRange, TextSize};

use crate::diagnostics::{Diagnostic, Label, Source};

/// As in `codespan_reporting::term::Config`.
pub(super) const TAB_WIDTH: usize = 4;

/// The lines of one file, or of one notebook cell, that a finding's labels lie on.
struct View<'a> {
    source: &'a Source,
    cell: Option<usize>,
    /// The first line, counted over the whole text from 0.
    first: usize,
    /// The number that is shown for it.
    first_number: usize,
    text: String,
    /// Where each line begins in `text`.
    starts: Vec<usize>,
    /// Offsets in the file and the ones they became in `text`, those of the primary label first.
    anchors: Vec<(TextSize, usize)>,
}

/// All views of one finding.
pub(super) struct Frames<'a> {
    views: Vec<View<'a>>,
}

/// A label, in terms of [`Frames`].
pub(super) type FrameLabel = codespan_reporting::diagnostic::Label<usize>;

impl<'a> Frames<'a> {
    /// Lays out the labels of a finding. Lines are cut to `width` columns.
    pub(super) fn new(diagnostic: &'a Diagnostic, width: usize) -> (Self, Vec<FrameLabel>) {
        let labels: Vec<&Label> = std::iter::once(&diagnostic.primary)
            .chain(&diagnostic.secondary)
            .filter(|label| !label.source.text.is_empty())
            .collect();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (index, label) in labels.iter().enumerate() {
            let same_frame = |group: &&mut Vec<usize>| {
                let other = labels[group[0]];
                other.source.path == label.source.path && cell(other) == cell(label)
            };
            match groups.iter_mut().find(same_frame) {
                Some(group) => group.push(index),
                None => groups.push(vec![index]),
            }
        }
        let views: Vec<View> = groups
            .iter()
            .map(|group| {
                let ranges = group.iter().map(|index| visible(labels[*index])).collect();
                View::new(labels[group[0]], ranges, width)
            })
            .collect();
        let frame_labels = labels
            .iter()
            .enumerate()
            .map(|(index, label)| {
                let id = groups
                    .iter()
                    .position(|group| group.contains(&index))
                    .unwrap_or_default();
                let range = visible(label);
                let style = if index == 0 && std::ptr::eq(*label, &raw const diagnostic.primary) {
                    LabelStyle::Primary
                } else {
                    LabelStyle::Secondary
                };
                let range = views[id].offset(range.start())..views[id].offset(range.end());
                FrameLabel::new(style, id, range)
                    .with_message(label.message.as_deref().unwrap_or_default())
            })
            .collect();
        (Frames { views }, frame_labels)
    }

    /// How many digits the longest line number has.
    pub(super) fn gutter(&self) -> usize {
        self.views
            .iter()
            .map(|view| digits(view.first_number + view.starts.len() - 1))
            .max()
            .unwrap_or(1)
    }

    fn view(&self, id: usize) -> Result<&View<'a>, Error> {
        self.views.get(id).ok_or(Error::FileMissing)
    }
}

/// The number of decimal digits of a line number.
pub(super) fn digits(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

fn cell(label: &Label) -> Option<usize> {
    label
        .source
        .cell_at(label.range.start())
        .map(|it| it.number)
}

/// The range without a line ending at its end, which would draw it onto the next line.
fn visible(label: &Label) -> TextRange {
    let end_of_text = TextSize::of(label.source.text.as_str());
    let start = label.range.start().min(end_of_text);
    let end = label.range.end().min(end_of_text);
    let text = &label.source.text[TextRange::new(start, end)];
    let kept = text.trim_end_matches(['\n', '\r']);
    if kept.is_empty() {
        TextRange::empty(start)
    } else {
        TextRange::at(start, TextSize::of(kept))
    }
}

impl<'a> View<'a> {
    fn new(label: &'a Label, ranges: Vec<TextRange>, width: usize) -> Self {
        let source = &*label.source;
        let line_of = |offset| source.line_index(offset);
        let first = ranges.iter().map(|it| line_of(it.start())).min();
        let last = ranges.iter().map(|it| line_of(it.end())).max();
        let (first, last) = (first.unwrap_or_default(), last.unwrap_or_default());
        let mut view = View {
            source,
            cell: cell(label),
            first,
            first_number: source.position(source.line_range(first).start()).line,
            text: String::new(),
            starts: Vec::with_capacity(last - first + 1),
            anchors: ranges
                .iter()
                .flat_map(|it| [(it.start(), 0), (it.end(), 0)])
                .collect(),
        };
        for line in first..=last {
            view.starts.push(view.text.len());
            view.push_line(source.line_range(line), width);
            view.text.push('\n');
        }
        view
    }

    /// Copies one line, replaces what cannot be shown and leaves out what does not fit.
    fn push_line(&mut self, line: TextRange, width: usize) {
        let source = self.source;
        let text = &source.text[line];
        let on_line = |offset: TextSize| line.contains_inclusive(offset);
        let window = {
            let marks: Vec<usize> = self
                .anchors
                .iter()
                .filter(|(offset, _)| on_line(*offset))
                .map(|(offset, _)| usize::from(*offset - line.start()))
                .collect();
            window(text, &marks, width)
        };
        let mut resolve = |at: usize, target: usize| {
            let at = line.start() + TextSize::try_from(at).unwrap_or_default();
            for (offset, to) in &mut self.anchors {
                if *offset == at {
                    *to = target;
                }
            }
        };
        if window.start > 0 {
            for at in 0..window.start {
                resolve(at, self.text.len());
            }
            self.text.push('…');
        }
        for (at, char) in text[window.clone()].char_indices() {
            resolve(window.start + at, self.text.len());
            self.text.push(printable(char));
        }
        for at in window.end..=text.len() {
            resolve(at, self.text.len());
        }
        if window.end < text.len() {
            self.text.push('…');
        }
    }

    /// Where an offset of the file that some label begins or ends at went.
    fn offset(&self, offset: TextSize) -> usize {
        self.anchors
            .iter()
            .find(|(from, _)| *from == offset)
            .map_or(0, |(_, to)| *to)
    }
}

/// Which bytes of a line are shown, so that it takes `width` columns at most and, as far as
/// possible, all `marks` are among them.
fn window(text: &str, marks: &[usize], width: usize) -> Range<usize> {
    let mut columns = Vec::with_capacity(text.len());
    let mut column = 0;
    for (at, char) in text.char_indices() {
        columns.push((at, column));
        column += match char {
            '\t' => TAB_WIDTH - column % TAB_WIDTH,
            // A cautious guess is enough to decide what to cut.
            char if char.is_ascii() => 1,
            _ => 2,
        };
    }
    if column <= width {
        return 0..text.len();
    }
    let column_of = |at: usize| match columns.partition_point(|(other, _)| *other < at) {
        index if index < columns.len() => columns[index].1,
        _ => column,
    };
    let from = marks.iter().copied().map(column_of).min().unwrap_or(0);
    let to = marks.iter().copied().map(column_of).max().unwrap_or(0);
    // Something of what comes after the labels is worth seeing, and more of what comes before.
    let margin = width / 8;
    let first_column = if to + margin <= width {
        0
    } else {
        from.saturating_sub(2 * margin)
    };
    let start = columns.partition_point(|(_, column)| *column < first_column);
    let end = columns.partition_point(|(_, column)| *column < first_column + width - 2);
    let at = |index: usize| columns.get(index).map_or(text.len(), |(at, _)| *at);
    at(start)..at(end)
}

/// The character to show for one that would move the cursor, change colours or be invisible.
pub(super) fn printable(char: char) -> char {
    match char {
        '\t' => char,
        '\u{0}'..='\u{1f}' => {
            char::from_u32(0x2400 + u32::from(char)).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        '\u{7f}' => '\u{2421}',
        // C1 controls, zero-width characters, bidirectional controls, the byte order mark.
        '\u{80}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => char::REPLACEMENT_CHARACTER,
        _ => char,
    }
}

impl<'a> Files<'a> for Frames<'_> {
    type FileId = usize;
    type Name = String;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<String, Error> {
        let view = self.view(id)?;
        Ok(match view.cell {
            Some(cell) => format!("{}:cell {cell}", view.source.path),
            None => view.source.path.clone(),
        })
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.view(id)?.text)
    }

    fn line_index(&'a self, id: usize, byte_index: usize) -> Result<usize, Error> {
        let view = self.view(id)?;
        let below = view.starts.partition_point(|start| *start <= byte_index);
        Ok(view.first + below.saturating_sub(1))
    }

    fn line_number(&'a self, id: usize, line_index: usize) -> Result<usize, Error> {
        let view = self.view(id)?;
        Ok(view.first_number + line_index - view.first)
    }

    fn location(&'a self, id: usize, byte_index: usize) -> Result<Location, Error> {
        let view = self.view(id)?;
        let offset = view.anchors.iter().find(|(_, to)| *to == byte_index);
        let (offset, _) = offset.ok_or(Error::InvalidCharBoundary { given: byte_index })?;
        let position = view.source.position(*offset);
        Ok(Location {
            line_number: position.line,
            column_number: position.column,
        })
    }

    fn line_range(&'a self, id: usize, line_index: usize) -> Result<Range<usize>, Error> {
        let view = self.view(id)?;
        let missing = || Error::LineTooLarge {
            given: line_index,
            max: view.first + view.starts.len(),
        };
        let index = line_index.checked_sub(view.first).ok_or_else(missing)?;
        let start = *view.starts.get(index).ok_or_else(missing)?;
        let end = view.starts.get(index + 1).copied();
        Ok(start..end.unwrap_or(view.text.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lines_are_whole() {
        assert_eq!(window("x = 1", &[0, 1], 20), 0..5);
        assert_eq!(window("", &[], 20), 0..0);
    }

    #[test]
    fn long_lines_are_cut_around_the_marks() {
        let text = "a".repeat(1000);
        assert_eq!(window(&text, &[3, 5], 80), 0..78);
        let shown = window(&text, &[500, 510], 80);
        assert!(shown.start > 400 && shown.start <= 500, "{shown:?}");
        assert!(shown.end >= 510 && shown.len() <= 80, "{shown:?}");
        let shown = window(&text, &[1000], 80);
        assert!(shown.end == 1000 && shown.len() <= 80, "{shown:?}");
    }

    #[test]
    fn cutting_respects_character_boundaries() {
        let text = "変数".repeat(500);
        for mark in (0..text.len()).step_by(3) {
            let shown = window(&text, &[mark], 60);
            assert!(text.is_char_boundary(shown.start) && text.is_char_boundary(shown.end));
        }
    }
}
