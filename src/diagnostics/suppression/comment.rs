//! Finding the comments that silence findings, and reading them.

use ruff_python_ast::PySourceType;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::{Ranged as _, TextRange, TextSize};

use super::lines::Lines;
use crate::diagnostics::{Source, closest};

/// What a comment silences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// What begins or ends on this line, from 0.
    Line(usize),
    File,
    Nothing,
}

/// Why a comment cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Objection {
    pub(super) message: String,
    pub(super) help: String,
}

/// One `# proxycheck: …`. A comment of Python's may hold several, with those of other tools.
#[derive(Debug)]
pub(super) struct Comment {
    /// From the `#` to the end of the list.
    pub(super) range: TextRange,
    /// Up to the next `#` or the end of the line.
    end: TextSize,
    is_alone: bool,
    pub(super) reach: Reach,
    /// `None` for all rules.
    pub(super) codes: Option<Vec<Code>>,
    pub(super) is_used: bool,
    pub(super) objection: Option<Objection>,
}

/// The name of a rule in a comment.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) name: String,
    pub(super) range: TextRange,
    pub(super) is_used: bool,
}

impl Comment {
    /// Whether the comment silences the rule; then it is used.
    pub(super) fn take(&mut self, rule: &str, only_by_name: bool) -> bool {
        match &mut self.codes {
            None if only_by_name => false,
            None => {
                self.is_used = true;
                true
            }
            Some(codes) => match codes.iter_mut().find(|it| it.name == rule) {
                Some(code) => {
                    code.is_used = true;
                    true
                }
                None => false,
            },
        }
    }

    /// What has to go so that nothing of the comment is left.
    pub(super) fn removal(&self, source: &Source) -> TextRange {
        let line = source.line_range(source.line_index(self.range.start()));
        let has_more = self.end < line.end();
        if has_more {
            // What follows takes its place.
            return TextRange::new(self.range.start(), self.end);
        }
        if self.is_alone {
            let next = source.line_index(self.range.start()) + 1;
            let end = if next < source.line_count() {
                source.line_range(next).start()
            } else {
                line.end()
            };
            return TextRange::new(line.start(), end);
        }
        let before = &source.text[TextRange::new(line.start(), self.range.start())];
        let kept = TextSize::of(before.trim_end());
        TextRange::new(line.start() + kept, self.end)
    }
}

/// The comments of a file, and which of its lines are one.
pub(super) fn find(source: &Source) -> (Vec<Comment>, Lines) {
    let mut comments = Vec::new();
    let mut lines = Lines::default();
    if !super::may_have_comments(&source.text) {
        return (comments, lines);
    }
    let source_type = if source.cells.is_empty() {
        PySourceType::Python
    } else {
        PySourceType::Ipynb
    };
    let parsed = parse_unchecked_source(&source.text, source_type);
    let tokens: Vec<(TokenKind, TextRange)> = parsed
        .tokens()
        .iter()
        .map(|it| (it.kind(), it.range()))
        .collect();

    join_lines(source, &tokens, &mut lines);
    let mut is_header = true;
    let mut has_docstring = false;
    for (index, (kind, range)) in tokens.iter().enumerate() {
        match kind {
            TokenKind::Comment => {
                let line = source.line_index(range.start());
                let start = source.line_range(line).start();
                let is_alone = source.text[TextRange::new(start, range.start())]
                    .trim_start_matches('\u{feff}')
                    .trim()
                    .is_empty();
                let target = if is_alone {
                    line_below(source, &tokens[index + 1..], line)
                } else {
                    Some(line)
                };
                for mut comment in read(source, *range) {
                    comment.is_alone &= is_alone;
                    match comment.reach {
                        Reach::File if !(is_header && is_alone) => {
                            comment.objection.get_or_insert_with(|| Objection {
                                message: "A comment for the whole file has no effect here"
                                    .to_owned(),
                                help: "Put it on a line of its own before the first statement"
                                    .to_owned(),
                            });
                        }
                        Reach::File => {}
                        _ => comment.reach = target.map_or(Reach::Nothing, Reach::Line),
                    }
                    comments.push(comment);
                }
            }
            TokenKind::NonLogicalNewline | TokenKind::Newline => {}
            TokenKind::String if is_header && !has_docstring => has_docstring = true,
            _ => is_header = false,
        }
    }
    (comments, lines)
}

fn join_lines(source: &Source, tokens: &[(TokenKind, TextRange)], lines: &mut Lines) {
    let mut strings = Vec::new();
    let mut last_end = TextSize::default();
    for (kind, range) in tokens {
        // Between tokens there are only spaces and backslashes at the ends of lines.
        let between = TextRange::new(last_end, range.start().max(last_end));
        if source.text[between].contains('\\') {
            lines.join(
                source.line_index(between.start()),
                source.line_index(between.end()),
            );
        }
        last_end = last_end.max(range.end());
        let is_start = matches!(kind, TokenKind::FStringStart | TokenKind::TStringStart);
        let is_end = matches!(kind, TokenKind::FStringEnd | TokenKind::TStringEnd);
        if is_start {
            strings.push(range.start());
        }
        let start = match kind {
            TokenKind::String | TokenKind::IpyEscapeCommand => Some(range.start()),
            _ if is_end => strings.pop(),
            _ => None,
        };
        if let Some(start) = start {
            lines.join(source.line_index(start), source.line_index(range.end()));
        }
    }
}

/// The line of code that a comment on a line of its own is about: the next one, though more comments
/// may lie between.
fn line_below(
    source: &Source,
    tokens: &[(TokenKind, TextRange)],
    comment_line: usize,
) -> Option<usize> {
    let mut expected = comment_line + 1;
    for (kind, range) in tokens {
        let line = source.line_index(range.start());
        match kind {
            TokenKind::NonLogicalNewline | TokenKind::Newline => {
                if line > expected {
                    return None;
                }
            }
            TokenKind::Indent | TokenKind::Dedent => {}
            TokenKind::Comment if line == expected => expected += 1,
            TokenKind::EndOfFile => return None,
            _ => return (line == expected).then_some(line),
        }
    }
    None
}

/// The words that other tools use, and misspellings, in the place of `ignore`.
const MISTAKABLE: &[&str] = &[
    "disable",
    "enable",
    "noqa",
    "off",
    "on",
    "skip",
    "skip-file",
    "ignore-line",
    "ignore-next-line",
];

/// All `# proxycheck: …` in one comment of Python's.
fn read(source: &Source, comment: TextRange) -> Vec<Comment> {
    let text = &source.text[comment];
    let mut found = Vec::new();
    for (hash, _) in text.match_indices('#') {
        let Some(rest) = text[hash + 1..].trim_start().strip_prefix("proxycheck") else {
            continue;
        };
        let Some(rest) = rest.trim_start().strip_prefix(':') else {
            continue;
        };
        let rest = rest.trim_start();
        let word_end = rest
            .find(|it: char| !(it.is_alphanumeric() || it == '-' || it == '_'))
            .unwrap_or(rest.len());
        let (word, rest) = rest.split_at(word_end);
        let reach = match word {
            // The line is found by the caller.
            "ignore" => Ok(Reach::Nothing),
            "ignore-file" => Ok(Reach::File),
            other => match closest(other, ["ignore", "ignore-file"]) {
                None if !MISTAKABLE.contains(&other) => continue,
                meant => Err((other, meant.unwrap_or("ignore"))),
            },
        };
        let start = comment.start() + size(hash);
        let at = |rest: &str| comment.end() - TextSize::of(rest);
        let mut result = Comment {
            range: TextRange::new(start, at(rest)),
            end: text[hash + 1..]
                .find('#')
                .map_or(comment.end(), |next| start + size(next + 1)),
            is_alone: hash == 0,
            reach: Reach::Nothing,
            codes: None,
            is_used: false,
            objection: None,
        };
        match reach {
            Ok(reach) => {
                result.reach = reach;
                match list(rest, word, &at) {
                    Ok(None) => {}
                    Ok(Some((codes, end))) => {
                        result.codes = Some(codes);
                        result.range = TextRange::new(start, end);
                    }
                    Err(objection) => result.objection = Some(objection),
                }
            }
            Err((word, meant)) => {
                result.objection = Some(Objection {
                    message: format!("`{word}` is not understood"),
                    help: format!("Write `# proxycheck: {meant}[rule]`"),
                });
            }
        }
        found.push(result);
    }
    found
}

fn size(length: usize) -> TextSize {
    TextSize::try_from(length).unwrap_or_default()
}

/// The rules in brackets at the start of `text`, and where the brackets end.
fn list(
    text: &str,
    word: &str,
    at: &dyn Fn(&str) -> TextSize,
) -> Result<Option<(Vec<Code>, TextSize)>, Objection> {
    let Some(inner) = text.trim_start().strip_prefix('[') else {
        let next = text.split_whitespace().next().unwrap_or_default();
        let name = next.trim_matches(|it: char| matches!(it, '(' | ')' | ',' | ':' | '='));
        let looks_like_a_rule = name.contains('-')
            && name.chars().all(|it| it.is_ascii_lowercase() || it == '-')
            && !name.starts_with('-');
        if looks_like_a_rule {
            return Err(Objection {
                message: "The rules to ignore have to be in brackets".to_owned(),
                help: format!("Write `# proxycheck: {word}[{name}]`"),
            });
        }
        return Ok(None);
    };
    let Some(close) = inner
        .find([']', '#'])
        .filter(|close| inner[*close..].starts_with(']'))
    else {
        return Err(Objection {
            message: "The list of rules is not closed".to_owned(),
            help: "Add `]` after the last rule".to_owned(),
        });
    };
    let mut codes = Vec::new();
    let mut offset = at(inner);
    for part in inner[..close].split(',') {
        let name = part.trim();
        let before = TextSize::of(part) - TextSize::of(part.trim_start());
        if !name.is_empty() {
            codes.push(Code {
                name: name.to_owned(),
                range: TextRange::at(offset + before, TextSize::of(name)),
                is_used: false,
            });
        }
        offset += TextSize::of(part) + TextSize::from(1);
    }
    if codes.is_empty() {
        return Err(Objection {
            message: "The list of rules is empty".to_owned(),
            help: format!("Name the rules, or write `# proxycheck: {word}` to ignore them all"),
        });
    }
    Ok(Some((codes, at(&inner[close + 1..]))))
}
