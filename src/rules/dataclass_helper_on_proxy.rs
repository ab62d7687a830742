use ruff_python_ast::{Expr, ExprCall};
use ty_python_semantic::types::Type;

use super::checker::Checker;
use crate::proxy::class::fields;
use crate::diagnostics::{Applicability, Confidence, Level, RuleInfo};
use crate::proxy::display;
use crate::proxy::model::{Proxiness, print};
use crate::proxy::repair::unwrapped;

pub(super) static DATACLASS_HELPER_ON_PROXY: RuleInfo = RuleInfo {
    name: "dataclass-helper-on-proxy",
    summary: "detects `asdict`, `replace` and others on a proxy of a dataclass",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: true,
    page: include_str!("../../fixtures/rules/dataclass-helper-on-proxy.md"),
    url: None,
    inference: false,
};

/// The containers that `asdict` takes apart and builds again, with their own class.
const REBUILT: [&str; 3] = ["dict", "list", "tuple"];

/// `asdict(Config(layers=p))`: the object is no proxy, but a field is. The table has the other uses.
pub(super) fn check(cx: &mut Checker<'_, '_>, call: &ExprCall) {
    let Some(object) = call.arguments.args.first() else {
        return;
    };
    let is_helper = cx.qualified_name_of(&call.func)
        .is_some_and(|it| matches!(&*it, "dataclasses.asdict" | "dataclasses.astuple"));
    if !is_helper || cx.sighting(object).is_some() {
        return;
    }
    if let Expr::Call(constructor) = unwrapped(object)
        && matches!(cx.type_of(&constructor.func), Some(Type::ClassLiteral(_)))
    {
        let arguments = constructor.arguments.iter_source_order();
        for value in arguments.into_iter().map(|it| it.value()) {
            if let Some(sighting) = cx.sighting(value).filter(|it| is_rebuilt(&it.printed)) {
                let function = cx.text(&*call.func);
                let edits = cx.extract_edits(value, &sighting);
                let text = cx.text(value);
                let phrase = sighting.phrase(&text);
                let finding = cx.report(
                    &DATACLASS_HELPER_ON_PROXY,
                    value,
                    format_args!("`{function}` raises `TypeError` for {phrase} in a field"),
                );
                finding
                    .label("is a proxy of a container, which is built again")
                    .help(format!("Pass the target: `extract({text})`"))
                    .fix(Applicability::Safe, "Pass the target", edits);
                return;
            }
        }
    }
    let Some(ty @ Type::NominalInstance(_)) = cx.type_of(object) else {
        return;
    };
    let field = fields(cx.db, cx.env(), ty).into_iter().find(|(_, ty)| {
        Proxiness::of(cx.db, cx.env(), *ty).is_transparent() && is_rebuilt(&print(cx.db, cx.env(), *ty))
    });
    if let Some((name, field)) = field {
        let function = cx.text(&*call.func);
        let class = cx.print_type_of(object);
        let printed = print(cx.db, cx.env(), field);
        let finding = cx.report(
            &DATACLASS_HELPER_ON_PROXY,
            object,
            format_args!("`{function}` raises `TypeError` for a `{class}`, the field `{name}` of which is a `{printed}`"),
        );
        finding
            .label("has a field that is a proxy of a container, which is built again")
            .help(format!("Put the target into the field first: `dataclasses.replace(…, {name}=extract(…))`"));
    }
}

/// Whether each target of a printed proxy is such a container.
fn is_rebuilt(printed: &str) -> bool {
    let target = printed.split_once('[').and_then(|(_, it)| it.strip_suffix(']'));
    target.is_some_and(|it| {
        display::split(it, " | ").iter().all(|it| {
            let class = it.split('[').next().unwrap_or(it);
            REBUILT.contains(&class)
        })
    })
}
