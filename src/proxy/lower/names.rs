//! The identifiers that lowering puts in.

use std::borrow::Cow;

use super::Form;
use crate::proxy::display::MARK;
use crate::proxy::foreign::{self, MAX_CLASSES, ProxyClass, letter};

/// What an identifier that lowering puts in stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// A proxy type where it is a type.
    Proxy(Form),
    /// `typing.final` where it decorates a class: a decorator that does nothing.
    Final,
    /// The configured class at this position where it is called.
    Constructor(u8),
}

impl Meaning {
    fn all() -> impl Iterator<Item = Meaning> {
        Form::ALL
            .into_iter()
            .map(Meaning::Proxy)
            .chain([Meaning::Final])
    }

    /// The name of what is replaced.
    pub const fn name(self) -> &'static str {
        match self {
            Meaning::Proxy(form) => form.name(),
            Meaning::Final => "final",
            Meaning::Constructor(_) => "a proxy class",
        }
    }

    /// What stands after the `Z` of an identifier.
    fn digit(self) -> char {
        match self {
            Meaning::Proxy(Form::Foreign(position)) => letter(position),
            Meaning::Constructor(position) => letter(position).to_ascii_uppercase(),
            Meaning::Proxy(Form::Proxy) => '0',
            Meaning::Proxy(Form::OwnedProxy) => '1',
            Meaning::Proxy(Form::RefProxy) => '2',
            Meaning::Proxy(Form::RefMutProxy) => '3',
            Meaning::Proxy(Form::BaseRefProxy) => '4',
            Meaning::Proxy(Form::ProxyOr) => '5',
            Meaning::Final => '6',
        }
    }

    /// Identifiers of one byte. They are visible in every module, so they are few and rarely names of
    /// anything.
    const fn names_of_one_byte(self) -> &'static [&'static str] {
        match self {
            Meaning::Proxy(Form::Proxy) => &["Q", "J"],
            Meaning::Proxy(Form::OwnedProxy) => &["W"],
            Meaning::Proxy(Form::ProxyOr) => &["Z"],
            _ => &[],
        }
    }

    /// An identifier of two bytes: a letter that is its own NFKC form.
    const fn name_of_two_bytes(self) -> Option<&'static str> {
        match self {
            Meaning::Proxy(Form::Proxy) => Some("Ƥ"),
            Meaning::Proxy(Form::OwnedProxy) => Some("Ɵ"),
            Meaning::Proxy(Form::RefProxy) => Some("Ɍ"),
            Meaning::Proxy(Form::RefMutProxy) => Some("Ɯ"),
            Meaning::Proxy(Form::BaseRefProxy) => Some("Ɓ"),
            Meaning::Proxy(Form::ProxyOr) => Some("Ɣ"),
            Meaning::Proxy(Form::Foreign(_)) | Meaning::Final | Meaning::Constructor(_) => None,
        }
    }

    fn short_names(self) -> impl Iterator<Item = &'static str> {
        self.names_of_one_byte()
            .iter()
            .copied()
            .chain(self.name_of_two_bytes())
    }

    /// `Z0____`, an identifier of at least [`MIN_PATTERN_LEN`] bytes.
    fn pattern_name(self, len: usize) -> String {
        let mut name = String::with_capacity(len);
        name.push('Z');
        name.push(self.digit());
        name.extend(std::iter::repeat_n('_', len - 2));
        name
    }

    /// What an identifier in lowered text stands for, if lowering may have put it there.
    fn of(identifier: &str) -> Option<Meaning> {
        let positions = 0..u8::try_from(MAX_CLASSES).unwrap_or(u8::MAX);
        let foreign =
            positions.flat_map(|it| [Meaning::Proxy(Form::Foreign(it)), Meaning::Constructor(it)]);
        Meaning::all()
            .chain(foreign)
            .find(|it| it.names(identifier))
    }

    /// Whether lowering may put an identifier in for it.
    fn names(self, identifier: &str) -> bool {
        self.short_names().any(|name| name == identifier)
            || ((MIN_PATTERN_LEN..=MAX_LEN).contains(&identifier.len())
                && identifier
                    .strip_prefix('Z')
                    .and_then(|rest| rest.strip_prefix(self.digit()))
                    .is_some_and(|rest| rest.bytes().all(|byte| byte == b'_')))
    }
}

/// The longest expression that is replaced, in bytes. Each length costs a line of the builtins stub.
const MAX_LEN: usize = 64;

/// The shortest identifier that is made of the pattern `Z0_`: in shorter ones users mean something.
const MIN_PATTERN_LEN: usize = 3;

/// An identifier of `len` bytes that stands for `meaning` and is not used in `text`.
pub(super) fn replacement(meaning: Meaning, len: usize, text: &str) -> Option<Cow<'static, str>> {
    let free = |name: &str| !has_word(text, name);
    match len {
        1 => meaning
            .names_of_one_byte()
            .iter()
            .copied()
            .find(|name| free(name))
            .map(Cow::Borrowed),
        2 => meaning
            .name_of_two_bytes()
            .filter(|name| free(name))
            .map(Cow::Borrowed),
        MIN_PATTERN_LEN..=MAX_LEN => {
            let name = meaning.pattern_name(len);
            free(&name).then_some(Cow::Owned(name))
        }
        _ => None,
    }
}

/// Whether an identifier occurs anywhere in the text, be it in a string or a comment.
fn has_word(text: &str, word: &str) -> bool {
    words(text, word).next().is_some()
}

/// The offsets at which `word` stands between other characters than those of identifiers.
pub(super) fn words(text: &str, word: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| is_identifier_byte(*byte));
    text.match_indices(word)
        .map(|(start, _)| start)
        .filter(move |&start| {
            let before = start.checked_sub(1).and_then(|before| bytes.get(before));
            !is_part(before) && !is_part(bytes.get(start + word.len()))
        })
}

/// Whether a byte can be part of an identifier; every byte of a character outside ASCII counts.
pub(super) fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// The text of `__builtins__.pyi`, which defines every identifier that lowering may put into a file.
/// Those of proxy types are aliases of what the stub module `_proxycheck` defines.
///
/// The names do not begin with an underscore and are assigned, not imported: ty sees neither private
/// names of that file nor `import … as …` there.
pub fn builtins_stub(classes: &[ProxyClass]) -> String {
    use std::fmt::Write;

    let mut stub = String::from("import _proxycheck\n\ndef _not_final[T](cls: T, /) -> T: ...\n\n");
    let foreign = (0_u8..)
        .zip(classes)
        .flat_map(|(it, _)| [Meaning::Proxy(Form::Foreign(it)), Meaning::Constructor(it)]);
    stub.push_str(&foreign::builtins(classes));
    for meaning in Meaning::all().chain(foreign) {
        let patterns = (MIN_PATTERN_LEN..=MAX_LEN).map(|len| Cow::from(meaning.pattern_name(len)));
        for name in meaning.short_names().map(Cow::from).chain(patterns) {
            match meaning {
                Meaning::Proxy(Form::Foreign(position)) => {
                    let letter = letter(position);
                    let class = &classes[usize::from(position)].name;
                    writeln!(stub, "{name} = _proxycheck.alias_{letter}.{MARK}{class}")
                }
                Meaning::Constructor(position) => {
                    writeln!(stub, "{name} = Zforeign_{}", letter(position))
                }
                Meaning::Proxy(form) => writeln!(stub, "{name} = _proxycheck.{}", form.name()),
                Meaning::Final => writeln!(stub, "{name} = _not_final"),
            }
            .expect("writing to a string succeeds");
        }
    }
    stub
}

/// The proxy type that an identifier in lowered text denotes, if lowering may have put it there.
pub fn form_of(identifier: &str) -> Option<Form> {
    match Meaning::of(identifier)? {
        Meaning::Proxy(form) => Some(form),
        Meaning::Final | Meaning::Constructor(_) => None,
    }
}

/// Restores the user's words in a message: each identifier that lowering may have put into a file
/// becomes the name of what it stands for. Identifiers of one byte stay, because in a message they are
/// as likely to be the user's own.
pub fn restore_names(message: &str) -> Cow<'_, str> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let mut restored = String::new();
    let mut copied = 0;
    let mut rest = 0;
    while let Some(start) = message[rest..].find(is_part).map(|at| rest + at) {
        let end = message[start..]
            .find(|character| !is_part(character))
            .map_or(message.len(), |at| start + at);
        let word = &message[start..end];
        if word.len() > 1
            && let Some(meaning) = Meaning::all().find(|it| it.names(word))
        {
            restored.push_str(&message[copied..start]);
            restored.push_str(meaning.name());
            copied = end;
        }
        rest = end;
    }
    if copied == 0 {
        return Cow::Borrowed(message);
    }
    restored.push_str(&message[copied..]);
    Cow::Owned(restored)
}
