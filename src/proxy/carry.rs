//! Edits of one text as edits of the next one, which differs in a few lines.

use std::time::{Duration, Instant};

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::{Ranged as _, TextRange, TextSize};
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::edit::Repair;

/// After this, lines that are the same may count as different ones.
const TIME_TO_COMPARE: Duration = Duration::from_millis(20);

/// The edits of `earlier` in logical lines that are in `text`, too, where `tokens` are.
///
/// A logical line holds a statement, or the head of one, so that a part of it stays what it is if all of it
/// stays. Edits that belong together are in one.
pub(crate) fn carried(
    earlier: &str,
    repairs: &[Repair],
    text: &str,
    tokens: &Tokens,
) -> Vec<Repair> {
    let kept = kept_parts(earlier, text);
    let lines = logical_lines(tokens);
    let carry = |repair: &Repair| {
        let after = kept.partition_point(|it| it.before.start() <= repair.range.start());
        let part = kept.get(after.checked_sub(1)?)?;
        if !part.before.contains_range(repair.range) {
            return None;
        }
        let distance = repair.range.start() - part.before.start();
        let range = TextRange::at(part.after.start() + distance, repair.range.len());
        let line = lines.get(lines.partition_point(|it| it.end() < range.end()))?;
        (line.contains_range(range) && part.after.contains_range(*line)).then(|| Repair {
            range,
            text: repair.text.clone(),
        })
    };
    repairs.iter().filter_map(carry).collect()
}

/// A part of two texts that is the same in both.
struct Kept {
    before: TextRange,
    after: TextRange,
}

fn kept_parts(before: &str, after: &str) -> Vec<Kept> {
    let lines = |text| str::split_inclusive(text, '\n').collect::<Vec<&str>>();
    let (before, after) = (lines(before), lines(after));
    let deadline = Some(Instant::now() + TIME_TO_COMPARE);
    let operations = capture_diff_slices_deadline(Algorithm::Patience, &before, &after, deadline);
    let length = |lines: &[&str]| {
        let length: usize = lines.iter().map(|it| it.len()).sum();
        TextSize::try_from(length).unwrap_or_default()
    };
    let (mut start_before, mut start_after) = (TextSize::default(), TextSize::default());
    let mut kept = Vec::new();
    for operation in operations {
        let part = Kept {
            before: TextRange::at(start_before, length(&before[operation.old_range()])),
            after: TextRange::at(start_after, length(&after[operation.new_range()])),
        };
        start_before = part.before.end();
        start_after = part.after.end();
        if matches!(operation, DiffOp::Equal { .. }) {
            kept.push(part);
        }
    }
    kept
}

/// From the first token to the last, in ascending order.
fn logical_lines(tokens: &Tokens) -> Vec<TextRange> {
    let mut lines = Vec::new();
    let mut current: Option<TextRange> = None;
    for token in tokens {
        match token.kind() {
            TokenKind::Newline => lines.extend(current.take()),
            TokenKind::Indent | TokenKind::Dedent | TokenKind::EndOfFile => {}
            kind if kind.is_trivia() => {}
            _ => current = Some(current.map_or(token.range(), |it| it.cover(token.range()))),
        }
    }
    lines.extend(current);
    lines
}

#[cfg(test)]
mod tests {
    use ruff_python_parser::parse_module;
    use ruff_text_size::TextLen as _;

    use super::*;

    /// Puts a mark around each `p` of a text, and carries the marks to another one.
    #[track_caller]
    fn check(before: &str, after: &str, expected: &str) {
        let insertion = |offset: usize, text: &str| Repair {
            range: TextRange::empty(TextSize::try_from(offset).unwrap()),
            text: text.to_owned(),
        };
        let repairs: Vec<Repair> = before
            .match_indices("p.")
            .flat_map(|(at, _)| [insertion(at, "f(("), insertion(at + 1, "))")])
            .collect();
        let parsed = parse_module(after).unwrap();
        let carried = carried(before, &repairs, after, parsed.tokens());
        let (edited, ..) = super::super::edit::EditMap::apply(after, carried);
        assert_eq!(edited, expected);
    }

    #[test]
    fn edits_move_with_their_lines() {
        check(
            "p.a\np.b\n",
            "p.a\nx = 1\n\np.b\n",
            "f((p)).a\nx = 1\n\nf((p)).b\n",
        );
        check("def g():\n    p.a\n", "p = 1\np.c\n", "p = 1\np.c\n");
    }

    #[test]
    fn edits_of_a_changed_line_are_gone() {
        check("p.a\np.b\n", "p.a\np.bc\n", "f((p)).a\np.bc\n");
        // Also if the change is in another line of the same statement.
        check(
            "g(p.a,\n  1)\np.b\n",
            "g(p.a,\n  2)\np.b\n",
            "g(p.a,\n  2)\nf((p)).b\n",
        );
        check("p.a\n", "p.a \\\n  .c\n", "p.a \\\n  .c\n");
    }

    #[test]
    fn edits_in_what_became_a_string_are_gone() {
        check("p.a\n", "'''\np.a\n'''\n", "'''\np.a\n'''\n");
    }

    #[test]
    fn the_end_of_a_text_needs_no_line_break() {
        check("x\np.a", "p.a", "f((p)).a");
    }

    #[test]
    fn logical_lines_have_neither_indentation_nor_comments() {
        let text = "if x:  # c\n    y(\n      1)\n\n# d\nz; w\n";
        let parsed = parse_module(text).unwrap();
        let lines = logical_lines(parsed.tokens());
        let lines: Vec<&str> = lines.into_iter().map(|it| &text[it]).collect();
        assert_eq!(lines, ["if x:", "y(\n      1)", "z; w"]);
        assert_eq!(text.text_len(), parsed.syntax().range().end());
    }
}
