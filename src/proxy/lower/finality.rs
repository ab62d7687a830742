//! Finds the decorators that make a class final.
//!
//! A final class has no subclass, so its intersection with a proxy class is empty, and what uses a
//! proxy of it would be unreachable. Such a class may be in any file, so nothing but the text of the
//! file is looked at: who imports a `final` from elsewhere means that of `typing`.

use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Alias, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

use super::names::words;
use super::parse::deeply;

/// Whether a text may have a final class. Cheap, and rarely wrong.
pub(super) fn may_have_final_class(text: &str) -> bool {
    text.contains("final")
        && words(text, "final").any(|start| {
            let after = &text[start + "final".len()..];
            if is_renamed(after) {
                return true;
            }
            let line_start = text[..start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
            is_decorator(&text[line_start..start]) && !decorates_function(after)
        })
}

/// Whether a name is imported `as` another.
fn is_renamed(after: &str) -> bool {
    let rest = after.trim_start_matches([' ', '\t', '\\', '\r', '\n']);
    rest.len() < after.len()
        && rest
            .strip_prefix("as")
            .is_some_and(|rest| rest.starts_with([' ', '\t', '\\']))
}

fn is_decorator(line: &str) -> bool {
    line.trim_start_matches([' ', '\t', '\u{c}', '\u{feff}'])
        .starts_with('@')
}

/// Whether the decorators that begin before `after` are surely those of a function.
fn decorates_function(after: &str) -> bool {
    after
        .split(['\n', '\r'])
        .skip(1)
        .map(str::trim_start)
        .find(|line| !line.is_empty() && !line.starts_with(['@', '#']))
        .is_some_and(|line| line.starts_with("def ") || line.starts_with("async "))
}

/// The decorators in a module that make a class final, in the order of their offsets.
pub(super) fn final_decorators(body: &[Stmt]) -> Vec<TextRange> {
    let mut finder = Finder::default();
    finder.visit_body(body);
    let Finder {
        functions,
        modules,
        decorators,
    } = finder;
    decorators
        .into_iter()
        .filter(|decorator| match decorator {
            Expr::Name(name) => functions.contains(&name.id),
            Expr::Attribute(attribute) => {
                attribute.attr.id == "final"
                    && matches!(&*attribute.value, Expr::Name(name) if modules.contains(&name.id))
            }
            _ => false,
        })
        .map(Ranged::range)
        .collect()
}

#[derive(Default)]
struct Finder<'a> {
    /// The names under which `final` is imported.
    functions: FxHashSet<Name>,
    /// The names under which `typing` is imported.
    modules: FxHashSet<Name>,
    /// Those of all classes.
    decorators: Vec<&'a Expr>,
}

impl Finder<'_> {
    fn import(&mut self, alias: &Alias) {
        let name = &alias.asname.as_ref().unwrap_or(&alias.name).id;
        if is_typing(&alias.name) {
            self.modules.insert(name.clone());
        } else if alias.name.id == "final" {
            self.functions.insert(name.clone());
        }
    }
}

fn is_typing(module: &str) -> bool {
    matches!(module, "typing" | "typing_extensions")
}

impl<'a> Visitor<'a> for Finder<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => import.names.iter().for_each(|alias| self.import(alias)),
            Stmt::ImportFrom(import) => {
                let is_star = |alias: &Alias| alias.name.id == "*";
                if import.level == 0
                    && import.module.as_ref().is_some_and(|it| is_typing(it))
                    && import.names.iter().any(is_star)
                {
                    self.functions.insert(Name::new_static("final"));
                }
                import.names.iter().for_each(|alias| self.import(alias));
            }
            Stmt::ClassDef(class) => {
                self.decorators
                    .extend(class.decorator_list.iter().map(|it| &it.expression));
                deeply(|| visitor::walk_stmt(self, stmt));
            }
            _ => deeply(|| visitor::walk_stmt(self, stmt)),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
