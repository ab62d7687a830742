//! The first step of lowering: makes annotations such as `Proxy[X]` mean `Proxy[X] & X`.
//!
//! A proxy class has to be a class where it is a value (`Proxy(factory)`, `isinstance(x, Proxy)`,
//! `class P(Proxy[int])`), and an alias of the intersection with its target where it is a type
//! (`x: Proxy[Foo]`). The inference knows nothing of the latter, so it is given a text in which each
//! expression that denotes a proxy type in a type position is replaced by an identifier. The
//! identifiers are aliases that [`builtins_stub`] defines.
//!
//! The lowered text has the length of the original and its line starts, and the same syntax tree but
//! for the replaced expressions. Lowering it again changes nothing. What is not certain to be a proxy
//! type is left alone.
//!
//! For the same end a class of the user is kept from being final: there would be no intersection with
//! it. `@final` is replaced by a decorator that does nothing.

mod denote;
mod facts;
mod finality;
mod form;
mod names;
mod parse;
mod resolver;
mod scope;
#[cfg(test)]
mod tests;
mod visit;

use ruff_db::system::SystemPath;
use ruff_python_ast::PySourceType;
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

pub use form::Form;
pub use names::{Meaning, builtins_stub, form_of, restore_names};
pub use resolver::Resolver;

use finality::{final_decorators, may_have_final_class};
use names::is_identifier_byte;
use parse::with_parsed;
use visit::Lowering;

/// A text in which annotations denote intersections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lowered {
    /// As long as the original.
    pub text: String,
    /// Sorted by offset, not overlapping, at least one.
    pub replacements: Vec<Replacement>,
}

/// An expression that was replaced by one identifier of the same length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replacement {
    /// Byte offsets of the expression in the original text, and of the identifier in the lowered one.
    pub range: TextRange,
    /// What the identifier stands for.
    pub meaning: Meaning,
}

impl Ranged for Replacement {
    fn range(&self) -> TextRange {
        self.range
    }
}

/// Lowers the text of the file at `path`; `None` if there is nothing to replace.
///
/// `path` is where relative imports start from; the file need not exist. Text with syntax errors is
/// lowered as far as it can be read. The text of a notebook is that of its code cells, joined by new
/// lines.
pub fn lower(
    text: &str,
    path: &SystemPath,
    source_type: PySourceType,
    resolver: &Resolver,
) -> Option<Lowered> {
    let is_relevant = resolver.is_relevant(text, path);
    let may_have_final_class = may_have_final_class(text);
    if !is_relevant && !may_have_final_class {
        return None;
    }
    let mut has_star_imports = false;
    let mut found = with_parsed(text, source_type, |parsed| {
        let mut found = Vec::new();
        if is_relevant {
            (found, has_star_imports) = Lowering::of_module(parsed.suite(), text, path, resolver);
        }
        if may_have_final_class {
            let decorators = final_decorators(parsed.suite()).into_iter();
            found.extend(decorators.map(|range| Replacement {
                range,
                meaning: Meaning::Final,
            }));
        }
        found
    })?;
    if found.is_empty() {
        return None;
    }
    found.sort_by_key(|it| it.range.start());
    let mut lowered = text.to_owned();
    let mut identifiers = FxHashMap::default();
    found.retain(|Replacement { range, meaning }| {
        let len = range.len().to_usize();
        // A name of one letter is the likeliest to come from a star import, unseen.
        if (len == 1 && has_star_imports) || !is_replaceable(text, *range) {
            return false;
        }
        let identifier = identifiers
            .entry((*meaning, len))
            .or_insert_with(|| names::replacement(*meaning, len, text));
        if let Some(identifier) = identifier {
            lowered.replace_range(range.to_std_range(), identifier);
        }
        identifier.is_some()
    });
    (!found.is_empty()).then_some(Lowered {
        text: lowered,
        replacements: found,
    })
}

/// Whether one identifier can stand in the place of an expression: `pp\n.Proxy` would lose a line, and
/// `else(pp).Proxy` the end of a keyword.
fn is_replaceable(text: &str, range: TextRange) -> bool {
    let bytes = text.as_bytes();
    let (start, end) = (range.start().to_usize(), range.end().to_usize());
    let is_adjacent = |byte: Option<&u8>| byte.is_some_and(|byte| is_identifier_byte(*byte));
    !text[range].contains(['\n', '\r'])
        && !is_adjacent(start.checked_sub(1).and_then(|before| bytes.get(before)))
        && !is_adjacent(bytes.get(end))
}
