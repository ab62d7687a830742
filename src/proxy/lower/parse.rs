//! Parsing that survives any nesting.

use ruff_db::panic::catch_unwind;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, ExprStringLiteral, ModModule, PySourceType};
use ruff_python_parser::{Parsed, parse_string_annotation, parse_unchecked_source};
use ruff_text_size::Ranged;

/// How much stack one step of a recursion may use, and how much is added at a time.
const RED_ZONE: usize = 128 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// What one level of a syntax tree takes of the stack where the recursion is not in our hands: in the
/// parser where it marks assignment targets, and when the tree is dropped. Rounded up.
const FRAME: usize = 1024;

/// One step of a recursion over the syntax tree. The parser has no limit on nesting, so the stack grows
/// with it.
#[inline]
pub(super) fn deeply<R>(step: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE, SEGMENT, step)
}

/// Deeper trees are not built, or, if they were, not dropped: their stack may not be had.
const MAX_LEVELS: usize = 500_000;

/// Parses a module, syntax errors or not, and hands it to `use_it`; `None` if it is nested beyond reason
/// or the parser fails: it panics on a few damaged notebooks.
pub(super) fn with_parsed<R>(
    text: &str,
    source_type: PySourceType,
    use_it: impl FnOnce(&Parsed<ModModule>) -> R,
) -> Option<R> {
    let brackets = open_brackets(text);
    if brackets > MAX_LEVELS {
        return None;
    }
    let parse = || with_stack(brackets, || parse_unchecked_source(text, source_type));
    let parsed = catch_unwind(parse).ok()?;
    let result = use_it(&parsed);
    match nesting(&parsed) {
        levels @ ..=MAX_LEVELS => with_stack(levels, || drop(parsed)),
        _ => std::mem::forget(parsed),
    }
    Some(result)
}

/// Parses the type in a string as the inference does and hands it to `use_it`: a raw string, a
/// concatenated one or one with escapes is no type.
pub(super) fn with_string_annotation<R>(
    text: &str,
    string: &ExprStringLiteral,
    use_it: impl FnOnce(&Expr) -> R,
) -> Option<R> {
    let literal = string.as_single_part_string()?;
    if literal.flags.prefix().is_raw() || &text[literal.content_range()] != literal.as_str() {
        return None;
    }
    let levels = literal.range().len().to_usize();
    if levels > MAX_LEVELS {
        return None;
    }
    with_stack(levels, || {
        let parsed = parse_string_annotation(text, literal).ok()?;
        Some(use_it(parsed.expr()))
    })
}

/// Runs a recursion of so many levels.
fn with_stack<R>(levels: usize, step: impl FnOnce() -> R) -> R {
    let stack = levels * FRAME;
    stacker::maybe_grow(stack + RED_ZONE, stack + SEGMENT, step)
}

/// How many brackets are open at most, counting those in strings.
fn open_brackets(text: &str) -> usize {
    let mut open = 0_usize;
    let mut most = 0;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                open += 1;
                most = most.max(open);
            }
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// An upper bound of the depth of the syntax tree, a small one for ordinary code: what is separated by
/// commas or new lines is not nested.
fn nesting(parsed: &Parsed<ModModule>) -> usize {
    // The depth at each open bracket, and that to which a comma before it went back.
    let mut open = Vec::new();
    let mut depth = 0_usize;
    let mut at_comma = 0;
    let mut blocks = 0_usize;
    let mut deepest = 0;
    for token in parsed.tokens() {
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                open.push((depth, at_comma));
                depth += 1;
                at_comma = depth;
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                (depth, at_comma) = open.pop().unwrap_or_default();
                // The next bracket may be applied to this one: `f()()`.
                depth += 1;
            }
            // The commas after it are those of its parameters.
            TokenKind::Lambda => {
                depth += 1;
                at_comma = depth;
            }
            TokenKind::Comma => depth = at_comma,
            TokenKind::Newline => {
                open.clear();
                (depth, at_comma) = (0, 0);
            }
            TokenKind::Indent => blocks += 1,
            TokenKind::Dedent => blocks = blocks.saturating_sub(1),
            _ => depth += 1,
        }
        deepest = deepest.max(depth + blocks);
    }
    deepest
}
