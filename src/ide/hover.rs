//! What is to be known of what is under the cursor, where that concerns proxies.

use proxycheck_lsp as lsp;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged as _;
use ty_python_semantic::{HasType as _, ResolvedDefinition, SemanticModel, map_stub_definition};

use super::members::{definitions_of_member, of_target};
use super::navigation::expr_at;
use super::question::{Question, parameter_at};
use crate::config::rules;
use crate::db::{Db, is_stub};
use crate::proxy::declared::declaration;
use crate::proxy::model::{Kind, Proxiness, print};
use crate::proxy::repair::unwrapped;
use crate::proxy::sighting::{Evidence, Sighting};

pub(super) fn hover(question: &Question, offset: usize) -> Option<lsp::Hover> {
    of_rule(question, offset)
        .or_else(|| of_expression(question, offset))
        .or_else(|| of_parameter(question, offset))
}

/// The rule that a comment names.
fn of_rule(question: &Question, offset: usize) -> Option<lsp::Hover> {
    let text = &question.source.text;
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '-';
    let (before, behind) = text.split_at_checked(offset)?;
    let start = before.trim_end_matches(is_part).len();
    let end = text.len() - behind.trim_start_matches(is_part).len();
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let comment = text[line..start].rfind('#')?;
    if !text[line + comment..start].contains("proxycheck:") {
        return None;
    }
    let rule = rules::find(text.get(start..end)?)?;
    let mut markdown = format!("**{}**\n\n{}", rule.name, rule.page);
    if let Some(url) = rule.url {
        markdown.push_str(&format!("\n\n[Documentation]({url})"));
    }
    Some(lsp::Hover {
        range: start..end,
        markdown,
    })
}

fn of_expression(question: &Question, offset: usize) -> Option<lsp::Hover> {
    let module = question.module();
    let model = question.model();
    let (expr, name) = expr_at(&module, question.offset(offset))?;
    let range = question.user_range(name)?;
    let text = question.source.text.get(range.clone())?;
    if let Some(sighting) = question.sighting(&model, expr) {
        let place = declaration(&question.view.db, &model, expr).map(|(place, _)| place);
        let made = place.and_then(|it| question.place(it));
        let markdown = of_sighting(question, text, &sighting, made);
        return Some(lsp::Hover { range, markdown });
    }
    if let Some(locked) = of_locked(question, &model, expr, text) {
        return Some(lsp::Hover {
            range,
            markdown: locked,
        });
    }
    let Expr::Attribute(attribute) = expr else {
        return None;
    };
    let receiver = question.sighting(&model, &attribute.value)?;
    let markdown = of_member(question, &model, attribute, &receiver)?;
    Some(lsp::Hover { range, markdown })
}

fn of_parameter(question: &Question, offset: usize) -> Option<lsp::Hover> {
    let module = question.module();
    let at = question.offset(offset);
    let parameter = parameter_at(&module, at)?;
    if !parameter.name.range().contains_inclusive(at) {
        return None;
    }
    let range = question.user_range(parameter.name.range())?;
    let text = question.source.text.get(range.clone())?;
    let argument = question
        .view
        .passed
        .argument(question.file, parameter.name.range());
    let model = question.model();
    let db = &question.view.db;
    let env = model.program_environment();
    let ty = parameter.inferred_type(&model)?;
    let printed = print(db, &env, ty);
    let proxies = Proxiness::of(db, &env, ty).proxies;
    if proxies.is_empty() && argument.is_none() {
        return None;
    }
    let mut markdown = code(&format!("{text}: {printed}"));
    if let Some(proxy) = proxies.first() {
        markdown.push_str(what_it_is(proxy.kind));
        markdown.push('\n');
    }
    if let Some((path, place)) = argument.and_then(|it| question.place(it)) {
        let line = line_of(question, &path, place.start);
        markdown.push_str(&format!("\nA call passes a proxy: {}\n", link(&path, line)));
    }
    Some(lsp::Hover { range, markdown })
}

fn code(text: &str) -> String {
    format!("```python\n{text}\n```\n")
}

fn what_it_is(kind: Kind) -> &'static str {
    match kind {
        Kind::Plain => {
            "A shared reference: it forwards every use to its target, which is fetched when it is first \
             used."
        }
        Kind::Owned => {
            "The owner of an object: the object is evicted from its store when the owner goes out of \
             scope."
        }
        Kind::Ref => "A shared borrow of an owned object: its target is to be read only.",
        Kind::RefMut => {
            "The only mutable borrow of an owned object: changes are written back by `update`."
        }
        Kind::Locked => {
            "A locked proxy: it is not resolved, and forwards nothing, until `unlock()`."
        }
        Kind::Foreign(_) => "A proxy of another library: it forwards to its target.",
    }
}

fn of_sighting(
    question: &Question,
    name: &str,
    sighting: &Sighting<'_>,
    made: Option<(std::path::PathBuf, std::ops::Range<usize>)>,
) -> String {
    let printed = match sighting.evidence {
        Evidence::Declared(_) => format!("ProxyOr[{}]", sighting.printed_target()),
        _ => sighting.printed.clone(),
    };
    let mut markdown = code(&format!("{name}: {printed}"));
    if let Some(proxy) = sighting.proxies.first() {
        markdown.push_str(what_it_is(proxy.kind));
        markdown.push('\n');
    }
    let (text, place) = match &sighting.evidence {
        Evidence::Type => ("Made or declared", made),
        Evidence::Declared(place) => ("Declared to be a proxy or not", question.place(*place)),
        Evidence::Passed(place) => ("A call passes a proxy", question.place(*place)),
        Evidence::Returned(place) => ("This executor returns proxies", question.place(*place)),
    };
    if let Some((path, range)) = place {
        let line = line_of(question, &path, range.start);
        markdown.push_str(&format!("\n{text}: {}\n", link(&path, line)));
    }
    let target = sighting.proxies.iter().flat_map(|it| &it.target).next();
    if let Some(docs) = target.and_then(|it| documentation_of_type(question, *it)) {
        markdown.push_str(&format!("\n---\n{docs}\n"));
    }
    markdown
}

fn of_locked<'db>(
    question: &'db Question,
    model: &SemanticModel<'db>,
    expr: &Expr,
    name: &str,
) -> Option<String> {
    let db = &question.view.db;
    let proxiness = Proxiness::of_expr(db, model, unwrapped(expr));
    let locked = proxiness.proxies.iter().any(|it| it.kind == Kind::Locked);
    if !locked || !proxiness.is_certain() {
        return None;
    }
    let ty = unwrapped(expr).inferred_type(model)?;
    let printed = print(db, &model.program_environment(), ty);
    let mut markdown = code(&format!("{name}: {printed}"));
    markdown.push_str(what_it_is(Kind::Locked));
    Some(markdown)
}

fn of_member<'db>(
    question: &'db Question,
    model: &SemanticModel<'db>,
    attribute: &ast::ExprAttribute,
    receiver: &Sighting<'_>,
) -> Option<String> {
    let db = &question.view.db;
    let ty = attribute.inferred_type(model)?;
    let printed = print(db, &model.program_environment(), ty);
    let printed = of_target(&printed, &attribute.attr);
    let shown = if printed.contains('(') && printed.contains(attribute.attr.as_str()) {
        format!("def {printed}")
    } else {
        format!("{}: {printed}", attribute.attr)
    };
    let mut markdown = code(&shown);
    markdown.push_str(&format!("Forwarded by `{}`.\n", receiver.printed));
    let definitions = definitions_of_member(db, model, attribute);
    if let Some(docs) = documentation(db, &definitions) {
        markdown.push_str(&format!("\n---\n{docs}\n"));
    }
    Some(markdown)
}

/// The docstring of the first definition that has one, here or in the source that a stub describes.
pub(super) fn documentation<'db>(
    db: &'db Db,
    definitions: &[ResolvedDefinition<'db>],
) -> Option<String> {
    let raw = definitions.iter().find_map(|definition| {
        definition.docstring(db).or_else(|| {
            let real = map_stub_definition(db, definition, None)?;
            real.iter().find_map(|it| it.docstring(db))
        })
    })?;
    Some(dedented(&raw))
}

fn documentation_of_type<'db>(
    question: &'db Question,
    ty: ty_python_semantic::types::Type<'db>,
) -> Option<String> {
    let db = &question.view.db;
    let env = question.model().program_environment();
    let definition = ty.definition(db, &env)?;
    let place = definition.focus_range(db)?;
    // What is said of the stubs' own classes is no news.
    if is_stub(db, place.file()) {
        return None;
    }
    let definition = *definition.definition()?;
    documentation(db, &[ResolvedDefinition::Definition(definition)])
}

/// A docstring without its indentation, the lines of its text as they are.
fn dedented(text: &str) -> String {
    let margin = (text.lines().skip(1))
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let mut lines = text.trim().lines();
    let mut result = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        result.push('\n');
        result.push_str(line.get(margin..).unwrap_or(line.trim_start()));
    }
    result
}

/// The line of an offset, from 1.
fn line_of(question: &Question, path: &std::path::Path, offset: usize) -> usize {
    let own = question.path.as_std_path() == path;
    let text = if own {
        Some(question.source.text.clone())
    } else {
        std::fs::read_to_string(path).ok()
    };
    let text = text.unwrap_or_default();
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before.iter().filter(|it| **it == b'\n').count() + 1
}

fn link(path: &std::path::Path, line: usize) -> String {
    let name = path.file_name().map(|it| it.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    match lsp::file_url(path) {
        Some(url) => format!("[{name}:{line}]({url}#L{line})"),
        None => format!("{name}:{line}"),
    }
}
