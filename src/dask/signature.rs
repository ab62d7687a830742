//! The parameters of a function, and which of them each argument of a task reaches.

use ruff_db::files::FileRange;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::{
    AnyNodeRef, AnyParameterRef, Arguments, AtomicNodeIndex, Expr, ExprCall, ExprRef, Keyword,
    StmtFunctionDef,
};
use ruff_text_size::{Ranged, TextRange};
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_semantic::types::Type;
use ty_python_semantic::types::ide_support::{CallSignatureDetails, call_signature_details};
use ty_python_semantic::{HasType, SemanticModel};

use crate::db::ProxyDb;
use crate::proxy::display::split;
use crate::proxy::repair::unwrapped;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    PositionalOnly,
    /// By position or by name.
    Standard,
    /// `*args`
    Variadic,
    KeywordOnly,
    /// `**kwargs`
    KeywordVariadic,
}

#[derive(Debug, Clone)]
pub(crate) struct Parameter<'db> {
    pub(crate) name: String,
    pub(crate) kind: ParameterKind,
    pub(crate) has_default: bool,
    /// The declared type; unknown if there is none.
    pub(crate) ty: Type<'db>,
    /// Where the parameter is declared.
    pub(crate) place: Option<FileRange>,
}

/// What a function takes when it is called: without `self`, and without what `partial` filled in.
#[derive(Debug, Clone)]
pub(crate) struct Signature<'db> {
    /// The name of the function, if it has one.
    pub(crate) name: Option<String>,
    pub(crate) parameters: Vec<Parameter<'db>>,
}

impl<'db> Signature<'db> {
    /// Of what `function` evaluates to. `None` if it is unknown or has several signatures.
    pub(crate) fn of_expr(
        db: &'db dyn ProxyDb,
        model: &SemanticModel<'db>,
        function: &Expr,
    ) -> Option<Self> {
        let function = unwrapped(function);
        // Asks the inference about a call that is not in the program.
        let call = ExprCall {
            node_index: AtomicNodeIndex::NONE,
            range_start: function.start(),
            func: Box::new(function.clone()),
            arguments: Arguments {
                node_index: AtomicNodeIndex::NONE,
                range: TextRange::empty(function.end()),
                args: Box::default(),
                keywords: Vec::new().into(),
            },
        };
        let details = call_signature_details(model, &call);
        let [details] = details.as_slice() else {
            return None;
        };
        Self::of_details(db, details)
    }

    /// Of the function whose name, or which as an expression, is at a place.
    pub(crate) fn at(db: &'db dyn ProxyDb, place: FileRange) -> Option<Self> {
        let file = db.program_file(place.file());
        let module = parsed_module(db, file.python_file(db)).load(db);
        let model = SemanticModel::new(db, file);
        let root = AnyNodeRef::from(module.syntax());
        let covering = covering_node(root, place.range());
        if let Some(function) = covering.ancestors().find_map(|it| match it {
            AnyNodeRef::StmtFunctionDef(it) if it.name.range() == place.range() => Some(it),
            _ => None,
        }) {
            // A method gets its object first, and another decorator may change the parameters.
            let is_method = covering
                .ancestors()
                .skip_while(|it| !matches!(it, AnyNodeRef::StmtFunctionDef(_)))
                .nth(1)
                .is_some_and(|it| matches!(it, AnyNodeRef::StmtClassDef(_)));
            return (!is_method && function.decorator_list.len() <= 1)
                .then(|| Self::of_definition(&model, function));
        }
        let expr = covering
            .ancestors()
            .take_while(|it| it.range() == place.range())
            .filter_map(AnyNodeRef::as_expr_ref)
            .last()?;
        match expr {
            ExprRef::Name(it) => Self::of_expr(db, &model, &Expr::Name(it.clone())),
            ExprRef::Attribute(it) => Self::of_expr(db, &model, &Expr::Attribute(it.clone())),
            ExprRef::Lambda(it) => Self::of_expr(db, &model, &Expr::Lambda(it.clone())),
            _ => None,
        }
    }

    fn of_definition(model: &SemanticModel<'db>, function: &StmtFunctionDef) -> Self {
        let parameters = function.parameters.iter().map(|parameter| {
            let (ty, kind) = match parameter {
                AnyParameterRef::NonVariadic(it) => {
                    let ty = it.annotation().and_then(|_| it.inferred_type(model));
                    (ty, kind_of(function, parameter))
                }
                // The type of all arguments together says nothing of one of them.
                AnyParameterRef::Variadic(_) => (None, kind_of(function, parameter)),
            };
            Parameter {
                name: parameter.name().to_string(),
                kind,
                has_default: parameter.default().is_some(),
                ty: ty.unwrap_or(Type::unknown()),
                place: Some(FileRange::new(model.file(), parameter.name().range())),
            }
        });
        Signature {
            name: Some(function.name.to_string()),
            parameters: parameters.collect(),
        }
    }

    /// What the inference knows of a signature is only for show in part, so this reads its label:
    /// `(x: int, /, y: str = "a", *, z) -> None`.
    fn of_details(db: &'db dyn ProxyDb, details: &CallSignatureDetails<'db>) -> Option<Self> {
        let inside = parameter_list(&details.label)?;
        let mut shown = details.parameters.iter();
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut is_keyword_only = false;
        let source = details.definition.and_then(|it| Source::of(db, it));
        for part in split(inside, ", ") {
            match part {
                "" => continue,
                "/" => {
                    for parameter in &mut parameters {
                        parameter.kind = ParameterKind::PositionalOnly;
                    }
                    continue;
                }
                "*" => {
                    is_keyword_only = true;
                    continue;
                }
                // Any arguments at all.
                "..." => return None,
                _ => {}
            }
            let parameter = shown.next().filter(|it| it.label == part)?;
            let kind = if parameter.is_variadic {
                is_keyword_only = true;
                ParameterKind::Variadic
            } else if parameter.is_keyword_variadic {
                ParameterKind::KeywordVariadic
            } else if is_keyword_only {
                ParameterKind::KeywordOnly
            } else if parameter.is_positional_only {
                ParameterKind::PositionalOnly
            } else {
                ParameterKind::Standard
            };
            let name = parameter.name.trim_start_matches('*').to_owned();
            parameters.push(Parameter {
                kind,
                has_default: has_default(part),
                ty: parameter.ty,
                place: source.as_ref().and_then(|it| it.place_of(db, &name)),
                name,
            });
        }
        shown.next().is_none().then(|| Signature {
            name: source.map(|it| it.name),
            parameters,
        })
    }
}

/// The function in whose definition a signature is written.
struct Source<'db> {
    definition: Definition<'db>,
    name: String,
}

impl<'db> Source<'db> {
    fn of(db: &'db dyn ProxyDb, definition: Definition<'db>) -> Option<Self> {
        let module = parsed_module(db, definition.python_file(db)).load(db);
        match definition.kind(db) {
            DefinitionKind::Function(it) => Some(Source {
                definition,
                name: it.node(&module).name.to_string(),
            }),
            _ => None,
        }
    }

    fn place_of(&self, db: &'db dyn ProxyDb, parameter: &str) -> Option<FileRange> {
        let module = parsed_module(db, self.definition.python_file(db)).load(db);
        let DefinitionKind::Function(function) = self.definition.kind(db) else {
            return None;
        };
        let parameters = &function.node(&module).parameters;
        let found = parameters
            .iter()
            .find(|it| it.name().as_str() == parameter)?;
        Some(FileRange::new(
            self.definition.file(db),
            found.name().range(),
        ))
    }
}

fn kind_of(function: &StmtFunctionDef, parameter: AnyParameterRef<'_>) -> ParameterKind {
    let parameters = &function.parameters;
    let is_among = |list: &[ruff_python_ast::ParameterWithDefault]| {
        list.iter().any(|it| it.range() == parameter.range())
    };
    match parameter {
        AnyParameterRef::Variadic(it) => {
            let is_args = parameters
                .vararg
                .as_ref()
                .is_some_and(|args| args.range() == it.range());
            if is_args {
                ParameterKind::Variadic
            } else {
                ParameterKind::KeywordVariadic
            }
        }
        AnyParameterRef::NonVariadic(_) if is_among(&parameters.posonlyargs) => {
            ParameterKind::PositionalOnly
        }
        AnyParameterRef::NonVariadic(_) if is_among(&parameters.kwonlyargs) => {
            ParameterKind::KeywordOnly
        }
        AnyParameterRef::NonVariadic(_) => ParameterKind::Standard,
    }
}

/// `x: int, y` in `(x: int, y) -> str`.
fn parameter_list(label: &str) -> Option<&str> {
    let open = label.find('(')?;
    let mut depth = 0_usize;
    for (offset, char) in label[open..].char_indices() {
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(&label[open + 1..open + offset]);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether a shown parameter has a default: `x=1`, `x: int = 1`. A type may contain no `=` but in a
/// literal.
fn has_default(shown: &str) -> bool {
    let mut quote = None;
    for char in shown.chars() {
        match (quote, char) {
            (None, '\'' | '"') => quote = Some(char),
            (Some(it), _) if it == char => quote = None,
            (None, '=') => return true,
            _ => {}
        }
    }
    false
}

/// What is wrong with the arguments, whatever their types.
#[derive(Debug, Clone)]
pub(crate) enum Mistake<'a> {
    /// There are more positional arguments than parameters; the first one that is too many.
    TooMany {
        first: &'a Expr,
        expected: usize,
        given: usize,
    },
    UnknownName(&'a Keyword),
    /// A parameter gets an argument by position and another one by name.
    Twice(&'a Keyword),
    /// Parameters without a default that get no argument.
    Missing(Vec<usize>),
}

/// Which parameter each argument reaches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Binding<'a> {
    /// Arguments, and indexes of parameters.
    pub(crate) arguments: Vec<(&'a Expr, usize)>,
    pub(crate) mistakes: Vec<Mistake<'a>>,
}

impl<'a> Binding<'a> {
    pub(crate) fn new(
        signature: &Signature<'_>,
        positional: &[&'a Expr],
        keywords: &[&'a Keyword],
    ) -> Self {
        let mut result = Binding::default();
        let parameters = &signature.parameters;
        let mut filled = vec![false; parameters.len()];
        let by_position: Vec<usize> = (0..parameters.len())
            .filter(|it| {
                matches!(
                    parameters[*it].kind,
                    ParameterKind::PositionalOnly | ParameterKind::Standard
                )
            })
            .collect();
        let find = |kind: ParameterKind| parameters.iter().position(|it| it.kind == kind);
        let variadic = find(ParameterKind::Variadic);
        let keyword_variadic = find(ParameterKind::KeywordVariadic);
        let unpacks = positional.iter().any(|it| it.is_starred_expr());
        let known = positional.iter().take_while(|it| !it.is_starred_expr());
        for (argument, index) in known.zip(
            by_position
                .iter()
                .copied()
                .map(Some)
                .chain(std::iter::repeat(variadic)),
        ) {
            if let Some(index) = index {
                filled[index] = true;
                result.arguments.push((argument, index));
            }
        }
        let given = positional.iter().filter(|it| !it.is_starred_expr()).count();
        if variadic.is_none()
            && given > by_position.len()
            && let Some(first) = positional.get(by_position.len())
        {
            result.mistakes.push(Mistake::TooMany {
                first,
                expected: by_position.len(),
                given,
            });
        }
        let mut unpacks_keywords = false;
        for keyword in keywords {
            let Some(name) = &keyword.arg else {
                unpacks_keywords = true;
                continue;
            };
            let index = parameters.iter().position(|it| {
                matches!(
                    it.kind,
                    ParameterKind::Standard | ParameterKind::KeywordOnly
                ) && it.name == name.as_str()
            });
            match index {
                Some(index) if filled[index] => result.mistakes.push(Mistake::Twice(keyword)),
                Some(index) => {
                    filled[index] = true;
                    result.arguments.push((&keyword.value, index));
                }
                None => match keyword_variadic {
                    Some(index) => result.arguments.push((&keyword.value, index)),
                    None => result.mistakes.push(Mistake::UnknownName(keyword)),
                },
            }
        }
        let missing: Vec<usize> = (0..parameters.len())
            .filter(|it| {
                let parameter = &parameters[*it];
                let may_be_unpacked = match parameter.kind {
                    ParameterKind::PositionalOnly => unpacks,
                    ParameterKind::Standard => unpacks || unpacks_keywords,
                    ParameterKind::KeywordOnly => unpacks_keywords,
                    ParameterKind::Variadic | ParameterKind::KeywordVariadic => true,
                };
                !filled[*it] && !parameter.has_default && !may_be_unpacked
            })
            .collect();
        if !missing.is_empty() {
            result.mistakes.push(Mistake::Missing(missing));
        }
        result
    }
}
