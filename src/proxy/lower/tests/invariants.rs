//! What holds for every lowered text, whatever the original is.

use ruff_python_ast::token::Token;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_body};
use ruff_python_ast::{AnyNodeRef, Expr, ModModule, NodeKind, PySourceType};
use ruff_python_parser::{Parsed, parse_expression, parse_unchecked_source};
use ruff_text_size::{Ranged, TextRange};

use super::{Lowered, Meaning, Replacement, form_of};

/// Fails unless `lowered` is the original with some names replaced.
#[track_caller]
pub(super) fn check(original: &str, lowered: &Lowered, source_type: PySourceType) {
    let Lowered { text, replacements } = lowered;
    assert_eq!(text.len(), original.len(), "the length changed");
    assert!(!replacements.is_empty(), "nothing was replaced");
    check_text(original, text, replacements);
    let before = parse_unchecked_source(original, source_type);
    if before.errors().is_empty() {
        let after = parse_unchecked_source(text, source_type);
        assert!(after.errors().is_empty(), "{:?} in\n{text}", after.errors());
        assert_eq!(tokens(&before, replacements), tokens(&after, replacements));
        assert_eq!(nodes(&before, replacements), nodes(&after, replacements));
    }
}

/// Only dotted names are replaced, each by an identifier, and nothing else is.
fn check_text(original: &str, lowered: &str, replacements: &[Replacement]) {
    let mut end = 0;
    for replacement in replacements {
        let start = replacement.start().to_usize();
        assert_eq!(
            original[end..start],
            lowered[end..start],
            "text around the names changed"
        );
        end = replacement.end().to_usize();
        let name = &original[start..end];
        assert!(!name.contains(['\n', '\r']), "a line start is lost");
        let expr = parse_expression(name).map(|it| it.expr().clone());
        assert!(
            matches!(expr, Ok(Expr::Name(_) | Expr::Attribute(_))),
            "`{name}` is no dotted name"
        );
        let identifier = &lowered[start..end];
        let expr = parse_expression(identifier).map(|it| it.expr().clone());
        assert!(
            matches!(expr, Ok(Expr::Name(name)) if name.id == *identifier),
            "`{identifier}` is no identifier"
        );
        match replacement.meaning {
            Meaning::Proxy(form) => assert_eq!(form_of(identifier), Some(form)),
            Meaning::Final => assert!(identifier.starts_with("Z6_")),
            Meaning::Constructor(_) => assert!(identifier.starts_with("ZA_")),
        }
    }
    assert_eq!(
        original[end..],
        lowered[end..],
        "text after the names changed"
    );
}

/// The replaced range that a range is in; the ranges are sorted.
fn replaced_around(range: TextRange, replacements: &[Replacement]) -> Option<TextRange> {
    let after = replacements.partition_point(|it| it.range.start() <= range.start());
    let candidate = replacements[..after].last()?.range;
    candidate.contains_range(range).then_some(candidate)
}

/// The tokens but for those that were replaced.
fn tokens(parsed: &Parsed<ModModule>, replacements: &[Replacement]) -> Vec<Token> {
    let is_replaced = |token: &Token| {
        !token.range().is_empty() && replaced_around(token.range(), replacements).is_some()
    };
    parsed
        .tokens()
        .iter()
        .copied()
        .filter(|token| !is_replaced(token))
        .collect()
}

/// The kinds and ranges of all nodes; a replaced name is one node without a kind.
fn nodes(
    parsed: &Parsed<ModModule>,
    replacements: &[Replacement],
) -> Vec<(Option<NodeKind>, TextRange)> {
    struct Nodes<'r> {
        replacements: &'r [Replacement],
        found: Vec<(Option<NodeKind>, TextRange)>,
    }
    impl<'a> SourceOrderVisitor<'a> for Nodes<'_> {
        fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
            let range = node.range();
            if replaced_around(range, self.replacements) == Some(range) {
                self.found.push((None, range));
                return TraversalSignal::Skip;
            }
            self.found.push((Some(node.kind()), range));
            TraversalSignal::Traverse
        }
    }
    let mut nodes = Nodes {
        replacements,
        found: Vec::new(),
    };
    walk_body(&mut nodes, parsed.suite());
    nodes.found
}
