use ruff_python_ast::{Expr, ExprCall, PythonVersion};
use ty_python_core::definition::DefinitionKind;
use ty_python_semantic::types::Type;
use ty_python_semantic::{ImportAliasResolution, ResolvedDefinition, definitions_for_name};

use super::checker::Checker;
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::repair::unwrapped;
use crate::proxy::sighting::Sighting;

pub(super) static TYPING_ALIAS_CHECK_ON_PROXY: RuleInfo = RuleInfo {
    name: "typing-alias-check-on-proxy",
    summary: "detects `isinstance` of a proxy and an alias of `typing`",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/typing-alias-check-on-proxy.md"),
    url: None,
    inference: false,
};

/// How many assignments are followed to an alias.
const MAX_STEPS: usize = 4;

/// Aliases that look at the class of the object in C, and what to write instead.
const ALIASES: [(&str, &str); 18] = [
    ("AbstractSet", "collections.abc.Set"),
    ("ChainMap", "collections.ChainMap"),
    ("Counter", "collections.Counter"),
    ("DefaultDict", "collections.defaultdict"),
    ("Deque", "collections.deque"),
    ("Dict", "dict"),
    ("FrozenSet", "frozenset"),
    ("List", "list"),
    ("Mapping", "collections.abc.Mapping"),
    ("Match", "re.Match"),
    ("MutableMapping", "collections.abc.MutableMapping"),
    ("MutableSequence", "collections.abc.MutableSequence"),
    ("MutableSet", "collections.abc.MutableSet"),
    ("OrderedDict", "collections.OrderedDict"),
    ("Pattern", "re.Pattern"),
    ("Sequence", "collections.abc.Sequence"),
    ("Set", "set"),
    ("Tuple", "tuple"),
];

pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    let [object, classes] = &*call.arguments.args else {
        return;
    };
    if cx.qualified_name_of(&call.func).is_none_or(|it| &*it != "builtins.isinstance") {
        return;
    }
    let Some(sighting) = cx.sighting(object) else {
        return;
    };
    let alternatives: &[Expr] = match unwrapped(classes) {
        Expr::Tuple(it) => &it.elts,
        class => std::slice::from_ref(class),
    };
    for class in alternatives {
        if let Some(instead) = replacement(cx, class, &sighting) {
            let origin = cx.sighting_label(object, &sighting);
            let edits = cx.extract_edits(object, &sighting);
            let phrase = sighting.phrase(&cx.text(object));
            let shown = cx.text(class);
            let always = if sighting.is_certain() { "always " } else { "" };
            let finding = cx.report(
                &TYPING_ALIAS_CHECK_ON_PROXY,
                class,
                format_args!("`{shown}` is {always}`False` for {phrase}: it compares the class of the proxy"),
            );
            finding
                .label("an alias of `typing`, not a class")
                .help(format!("Use `{instead}`, which a proxy answers for its target"))
                .fix(Applicability::Safe, "Ask for the target", edits);
            finding.secondary.extend(origin);
            return;
        }
    }
}

/// What to write instead of an alias that the target can be an instance of.
fn replacement(cx: &Checker<'_, '_>, class: &Expr, sighting: &Sighting<'_>) -> Option<String> {
    let alias = alias(cx, class)?;
    if alias.is_union {
        // From there on, such a union is the same as `A | B`.
        let is_class = cx.env().python_version(cx.db) >= PythonVersion { major: 3, minor: 14 };
        return (!is_class).then(|| "A | B".to_owned());
    }
    let (name, instead) = ALIASES.iter().find(|(name, _)| *name == alias.name)?;
    let wanted = cx.trait_type(name)?;
    let can_be = sighting.proxies.iter().any(|it| cx.may_be(it, wanted));
    can_be.then(|| (*instead).to_owned())
}

struct Alias {
    name: String,
    is_union: bool,
}

/// The name in `typing` of what an expression denotes.
fn alias(cx: &Checker<'_, '_>, class: &Expr) -> Option<Alias> {
    let (class, is_union) = match class {
        Expr::Subscript(it) => (&*it.value, true),
        class => (class, false),
    };
    let name = match class {
        Expr::Attribute(it) => is_typing(cx, &it.value).then(|| it.attr.to_string()),
        Expr::Name(_) => imported_name(cx, class, MAX_STEPS, is_union),
        _ => None,
    }?;
    let (name, is_union) = match name.strip_suffix("[]") {
        Some(name) => (name.to_owned(), true),
        None => (name, is_union),
    };
    let is_special = matches!(name.as_str(), "Union" | "Optional");
    (is_special == is_union).then_some(Alias { name, is_union })
}

fn is_typing(cx: &Checker<'_, '_>, module: &Expr) -> bool {
    let Some(Type::ModuleLiteral(_)) = cx.type_of(module) else {
        return false;
    };
    let printed = cx.print_type_of(module);
    printed.contains("'typing'") || printed.contains("'typing_extensions'")
}

/// `Mapping` after `from typing import Mapping`; `Union[]` for a variable that is one.
fn imported_name(cx: &Checker<'_, '_>, name: &Expr, steps: usize, is_subscript: bool) -> Option<String> {
    let steps = steps.checked_sub(1)?;
    let text = name.as_name_expr()?;
    let definitions = definitions_for_name(
        cx.model,
        &text.id,
        text.into(),
        ImportAliasResolution::PreserveAliases,
    );
    let [ResolvedDefinition::Definition(definition)] = definitions.as_slice() else {
        return None;
    };
    let file = definition.program_file(cx.db);
    if file.file(cx.db) != cx.model.file() {
        // The standard library's; `collections.abc` has the same classes, and they are no aliases.
        return cx.imported_from(&text.id, &["typing", "typing_extensions"]);
    }
    let module = ruff_db::parsed::parsed_module(cx.db, file.python_file(cx.db)).load(cx.db);
    match definition.kind(cx.db) {
        DefinitionKind::ImportFrom(_) => {
            cx.imported_from(&text.id, &["typing", "typing_extensions"])
        }
        DefinitionKind::Assignment(it) if !is_subscript => match it.value(&module) {
            Expr::Attribute(it) => is_typing(cx, &it.value).then(|| it.attr.to_string()),
            value @ Expr::Name(_) => imported_name(cx, value, steps, false),
            Expr::Subscript(it) => {
                let name = match &*it.value {
                    Expr::Attribute(it) => is_typing(cx, &it.value).then(|| it.attr.to_string()),
                    value => imported_name(cx, value, steps, true),
                }?;
                Some(format!("{name}[]"))
            }
            _ => None,
        },
        _ => None,
    }
}
