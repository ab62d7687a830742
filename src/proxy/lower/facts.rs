//! What can be known of a file without parsing it.

use super::form::mentions_provider;
use super::names::is_identifier_byte;

/// A module that a file may import. Strings and comments that look like an import count too: the
/// answer may be too long, and what it misses is lowered less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    /// The number of leading dots.
    pub(super) level: usize,
    /// `a.b`; empty in `from . import …`.
    pub(super) module: Box<str>,
    /// What comes after `import` in `from … import …`. `None` for `import a.b`.
    pub(super) names: Option<Box<[Box<str>]>>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Whether the text contains the name of a package that defines proxy types.
    pub(super) mentions_provider: bool,
    pub(super) imports: Vec<Import>,
}

impl Facts {
    pub(super) fn of(text: &str) -> Self {
        let mut imports = Vec::new();
        for (start, keyword) in text.match_indices("import") {
            let (before, after) = (&text[..start], &text[start + keyword.len()..]);
            if before.bytes().next_back().is_some_and(is_identifier_byte)
                || after.bytes().next().is_some_and(is_identifier_byte)
            {
                continue;
            }
            let head = statement_head(before);
            match head.strip_prefix("from") {
                Some(module) => imports.push(from_import(module, after)),
                None if head.is_empty() => imports.extend(plain_imports(after)),
                None => {}
            }
        }
        Facts {
            mentions_provider: mentions_provider(text),
            imports,
        }
    }
}

/// What stands before the keyword in its statement.
fn statement_head(before: &str) -> &str {
    let mut end = before.len();
    loop {
        let start = before[..end].rfind(LINE_ENDS).map_or(0, |at| at + 1);
        let line_before = without_line_end(&before[..start]);
        if start > 0 && line_before.ends_with('\\') {
            end = line_before.len();
            continue;
        }
        let statement = &before[start..];
        return match statement.rfind([';', ':']) {
            Some(at) => statement[at + 1..].trim_start(),
            None => statement.trim_start(),
        };
    }
}

fn from_import(module: &str, after: &str) -> Import {
    let module = module.trim_matches(|it: char| it.is_whitespace() || it == '\\');
    let name = module.trim_start_matches(['.', ' ']);
    let level = module[..module.len() - name.len()].matches('.').count();
    let after = after.trim_start_matches([' ', '\t', '\\', '\r', '\n']);
    let names = match after.strip_prefix('(') {
        Some(list) => list.split(')').next().unwrap_or(list),
        None => logical_line(after),
    };
    Import {
        level,
        module: name.into(),
        names: Some(without_asnames(names).map(Into::into).collect()),
    }
}

fn plain_imports(after: &str) -> impl Iterator<Item = Import> {
    without_asnames(logical_line(after)).map(|module| Import {
        level: 0,
        module: module.into(),
        names: None,
    })
}

/// Up to the end of the statement, across continued lines.
fn logical_line(text: &str) -> &str {
    let end = text
        .match_indices([LINE_ENDS[0], LINE_ENDS[1], ';', '#'])
        .find(|(at, end)| match *end {
            ";" | "#" => true,
            end => !without_line_end(&text[..at + end.len()]).ends_with('\\'),
        })
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

const LINE_ENDS: [char; 2] = ['\n', '\r'];

fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// The dotted names of an import list, without what they are imported `as`.
fn without_asnames(list: &str) -> impl Iterator<Item = &str> {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.');
    let mut words = list
        .split(move |character| !is_part(character))
        .filter(|it| !it.is_empty());
    std::iter::from_fn(move || {
        let word = words.next()?;
        if word == "as" {
            words.next()?;
            return words.next();
        }
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::Facts;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = Facts::of(text)
            .imports
            .iter()
            .map(|import| {
                let dots = ".".repeat(import.level);
                let names = import
                    .names
                    .as_ref()
                    .map(|it| format!(": {}", it.join(" ")));
                format!("{dots}{}{}", import.module, names.unwrap_or_default())
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn imports_are_found() {
        check("import a.b, c as d\n", &["a.b", "c"]);
        check("from a.b import c, d as e\n", &["a.b: c d"]);
        check("from . import x", &[".: x"]);
        check("from ...a import x", &["...a: x"]);
        check(
            "from .  a import (\n  x, # note\n  y as z,\n)\nq",
            &[".a: x note y"],
        );
        check("from a \\\n  import b, \\\n  c\n", &["a: b c"]);
        check("if True: from a import b; import c", &["a: b", "c"]);
        check("    from a import *\r\n", &["a: "]);
        check("from a import(b)", &["a: b"]);
        check(
            "import a\rimport b, \\\r c\rfrom d import \\\r\n e\r\nx",
            &["a", "b", "c", "d: e"],
        );
        check("x = important\nimporting = 1\n__import__('a')\n", &[]);
        check("# you import a thing\n", &[]);
    }

    #[test]
    fn providers_are_found() {
        assert!(Facts::of("from proxystore.proxy import Proxy").mentions_provider);
        assert!(Facts::of("import proxyrt").mentions_provider);
        assert!(!Facts::of("import proxy").mentions_provider);
    }
}
