use ruff_db::source::source_text;
use ruff_python_ast::ExprCall;
use ty_python_semantic::types::Type;

use super::checker::Checker;
use crate::proxy::class::{ancestors, field};
use crate::proxy::qualified_name::qualified_name;
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::model::print;

pub(super) static PROXY_TO_PYDANTIC: RuleInfo = RuleInfo {
    name: "proxy-to-pydantic",
    summary: "detects proxies in fields of Pydantic models that take only the real type",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/proxy-to-pydantic.md"),
    url: None,
    inference: false,
};

/// The types of fields whose validation looks at the class of the value.
const EXACT: [&str; 8] = [
    "builtins.str",
    "builtins.bytes",
    "datetime.date",
    "datetime.datetime",
    "datetime.time",
    "datetime.timedelta",
    "decimal.Decimal",
    "_decimal.Decimal",
];

/// `Job(name=p)`; the table has the functions that validate.
pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    if call.arguments.keywords.is_empty() {
        return;
    }
    let Some(class @ (Type::ClassLiteral(_) | Type::GenericAlias(_))) = cx.type_of(&call.func) else {
        return;
    };
    let mut is_model = None;
    for keyword in &call.arguments.keywords {
        let Some(name) = &keyword.arg else {
            continue;
        };
        let Some(sighting) = cx.sighting(&keyword.value) else {
            continue;
        };
        let is_model = *is_model.get_or_insert_with(|| {
            ancestors(cx.db, cx.env(), class).iter().any(|it| it == "pydantic.main.BaseModel")
        });
        if !is_model || has_validators(cx, class) {
            return;
        }
        let Some(ty) = field(cx.db, cx.env(), class, name).filter(|it| is_exact(cx, *it)) else {
            continue;
        };
        if cx.is_to_fail(&keyword.value, &sighting) {
            continue;
        }
        let edits = cx.extract_edits(&keyword.value, &sighting);
        let origin = cx.sighting_label(&keyword.value, &sighting);
        let text = cx.text(&keyword.value);
        let phrase = sighting.phrase(&text);
        let model = cx.text(&*call.func);
        let declared = print(cx.db, cx.env(), ty);
        let finding = cx.report(
            &PROXY_TO_PYDANTIC,
            &keyword.value,
            format_args!("`{model}` raises `ValidationError` for {phrase}: the field `{name}` takes only a real `{declared}`"),
        );
        finding
            .label(if sighting.is_certain() { "is a proxy" } else { "may be a proxy" })
            .help(format!("Pass the target: `extract({text})`"))
            .fix(Applicability::Safe, "Pass the target", edits);
        finding.secondary.extend(origin);
    }
}

/// Whether the file of a model names validators, which may unwrap a proxy first.
fn has_validators<'db>(cx: &Checker<'_, 'db>, class: Type<'db>) -> bool {
    class
        .definition(cx.db, cx.env())
        .and_then(|it| it.focus_range(cx.db))
        .is_some_and(|place| source_text(cx.db, place.file()).to_lowercase().contains("validator"))
}

/// Whether each alternative of a field's type, but for `None`, is validated by its class.
fn is_exact(cx: &Checker<'_, '_>, ty: Type<'_>) -> bool {
    let alternatives = match ty {
        Type::Union(it) => it.elements(cx.db).to_vec(),
        ty => vec![ty],
    };
    let mut classes = alternatives.iter().filter(|it| !it.is_none(cx.db)).peekable();
    classes.peek().is_some()
        && classes.all(|it| {
            // A literal is compared, which a proxy forwards.
            if matches!(it, Type::LiteralValue(_)) {
                return false;
            }
            qualified_name(cx.db, cx.env(), *it).is_some_and(|it| EXACT.contains(&it.as_str()))
                || is_plain_enum(cx, *it)
        })
}

/// Members of an enum that are text or numbers, too, are found by their value.
fn is_plain_enum(cx: &Checker<'_, '_>, ty: Type<'_>) -> bool {
    let classes = ancestors(cx.db, cx.env(), ty);
    classes.iter().any(|it| it == "enum.Enum")
        && !classes.iter().any(|it| matches!(it.as_str(), "builtins.str" | "builtins.int"))
}
