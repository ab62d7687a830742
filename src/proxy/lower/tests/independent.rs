//! A second parser, written by others.

use rustpython_parser::Parse;
use rustpython_parser::ast::fold::{Fold, fold_expr, fold_expr_constant};
use rustpython_parser::ast::{Constant, Expr, ExprConstant, ExprContext, ExprName, Ranged, Suite};
use rustpython_parser::text_size::{TextRange, TextSize};

use super::{Lowered, Replacement};

/// Fails unless both texts parse to the same tree but for what was replaced. The parser does not know
/// the newest syntax, so an original that it refuses says nothing.
#[track_caller]
pub(super) fn check(original: &str, lowered: &Lowered) {
    if let Ok(before) = Suite::parse(original, "<original>") {
        let after =
            Suite::parse(&lowered.text, "<lowered>").expect("the lowered text is valid, too");
        let replacements = &lowered.replacements;
        assert_eq!(
            without_replaced(before, replacements),
            without_replaced(after, replacements)
        );
    }
}

/// The tree with one and the same name, or text, wherever something was replaced.
fn without_replaced(suite: Suite, replacements: &[Replacement]) -> Suite {
    let mut fold = WithoutReplaced { replacements };
    let Ok(suite) = fold.fold(suite);
    suite
}

struct WithoutReplaced<'r> {
    replacements: &'r [Replacement],
}

impl WithoutReplaced<'_> {
    /// The first replaced range that does not begin before `range`.
    fn first_from(&self, range: TextRange) -> Option<TextRange> {
        let offset = |offset: ruff_text_size::TextSize| TextSize::from(offset.to_u32());
        let before = self
            .replacements
            .partition_point(|it| offset(it.range.start()) < range.start());
        let found = self.replacements.get(before)?.range;
        Some(TextRange::new(offset(found.start()), offset(found.end())))
    }
}

impl Fold<TextRange> for WithoutReplaced<'_> {
    type TargetU = TextRange;
    type Error = std::convert::Infallible;
    type UserContext = ();

    fn will_map_user(&mut self, _: &TextRange) {}

    fn map_user(&mut self, range: TextRange, (): ()) -> Result<TextRange, Self::Error> {
        Ok(range)
    }

    fn fold_expr(&mut self, expr: Expr) -> Result<Expr, Self::Error> {
        let range = expr.range();
        match expr {
            Expr::Name(_) | Expr::Attribute(_) if self.first_from(range) == Some(range) => {
                Ok(Expr::Name(ExprName {
                    range,
                    id: "replaced".into(),
                    ctx: ExprContext::Load,
                }))
            }
            expr => fold_expr(self, expr),
        }
    }

    fn fold_expr_constant(&mut self, constant: ExprConstant) -> Result<ExprConstant, Self::Error> {
        let mut constant = fold_expr_constant(self, constant)?;
        if self
            .first_from(constant.range)
            .is_some_and(|it| constant.range.contains_range(it))
        {
            constant.value = Constant::Ellipsis;
        }
        Ok(constant)
    }
}
