//! The identifiers that stand for a proxy type in lowered text.

use std::borrow::Cow;

use super::Form;

/// The longest expression that is replaced, in bytes. Each length costs a line of the builtins stub.
const MAX_LEN: usize = 64;

/// The shortest identifier that is made of the pattern `Z0_`: in shorter ones users mean something.
const MIN_PATTERN_LEN: usize = 3;

/// Identifiers of one byte and of two. The former are visible in every module, so they are few and
/// rarely names of anything; the latter are letters that are their own NFKC form.
const fn short_names(form: Form) -> (&'static [&'static str], &'static str) {
    match form {
        Form::Proxy => (&["Q", "J"], "Ƥ"),
        Form::OwnedProxy => (&["W"], "Ɵ"),
        Form::RefProxy => (&[], "Ɍ"),
        Form::RefMutProxy => (&[], "Ɯ"),
        Form::BaseRefProxy => (&[], "Ɓ"),
        Form::ProxyOr => (&["Z"], "Ɣ"),
    }
}

fn digit(form: Form) -> char {
    match form {
        Form::Proxy => '0',
        Form::OwnedProxy => '1',
        Form::RefProxy => '2',
        Form::RefMutProxy => '3',
        Form::BaseRefProxy => '4',
        Form::ProxyOr => '5',
    }
}

fn pattern_name(form: Form, len: usize) -> String {
    let mut name = String::with_capacity(len);
    name.push('Z');
    name.push(digit(form));
    name.extend(std::iter::repeat_n('_', len - 2));
    name
}

/// An identifier of `len` bytes that denotes `form` and is not used in `text`.
pub(super) fn replacement(form: Form, len: usize, text: &str) -> Option<Cow<'static, str>> {
    let free = |name: &str| !uses(text, name);
    let (one, two) = short_names(form);
    match len {
        1 => one.iter().copied().find(|name| free(name)).map(Cow::Borrowed),
        2 => free(two).then_some(Cow::Borrowed(two)),
        MIN_PATTERN_LEN..=MAX_LEN => {
            let name = pattern_name(form, len);
            free(&name).then_some(Cow::Owned(name))
        }
        _ => None,
    }
}

/// Whether an identifier occurs anywhere in the text, be it in a string or a comment.
fn uses(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(start, _)| {
        let before = text[..start].bytes().next_back();
        let after = text[start + name.len()..].bytes().next();
        !before.is_some_and(is_identifier_byte) && !after.is_some_and(is_identifier_byte)
    })
}

/// Whether a byte can be part of an identifier; every byte of a character outside ASCII counts.
pub(super) fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// The text of `__builtins__.pyi`, which defines every identifier that lowering may put into a file
/// as an alias of the same kind in the stub module `_proxycheck`.
///
/// The names do not begin with an underscore and are assigned, not imported: ty sees neither private
/// names of that file nor `import … as …` there.
pub fn builtins_stub() -> String {
    use std::fmt::Write;

    let mut stub = String::from("import _proxycheck\n");
    for form in Form::ALL {
        let (one, two) = short_names(form);
        let short = one.iter().chain([&two]).map(|name| (*name).to_owned());
        let patterns = (MIN_PATTERN_LEN..=MAX_LEN).map(|len| pattern_name(form, len));
        for name in short.chain(patterns) {
            writeln!(stub, "{name} = _proxycheck.{}", form.name())
                .expect("writing to a string succeeds");
        }
    }
    stub
}

/// What an identifier in lowered text denotes, if lowering put it there.
pub fn form_of(identifier: &str) -> Option<Form> {
    Form::ALL.into_iter().find(|form| {
        let (one, two) = short_names(*form);
        one.contains(&identifier) || two == identifier
    })
    .or_else(|| form_of_pattern(identifier))
}

fn form_of_pattern(identifier: &str) -> Option<Form> {
    let rest = identifier.strip_prefix('Z')?;
    let form = Form::ALL.into_iter().find(|form| rest.starts_with(digit(*form)))?;
    let underscores = &rest[1..];
    (!underscores.is_empty()
        && identifier.len() <= MAX_LEN
        && underscores.bytes().all(|byte| byte == b'_'))
    .then_some(form)
}

/// Restores the user's words in a message: each identifier that lowering may have put into a file
/// becomes the name of the proxy type. Identifiers of one byte stay, because in a message they are as
/// likely to be the user's own.
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
            && let Some(form) = form_of(word)
        {
            restored.push_str(&message[copied..start]);
            restored.push_str(form.name());
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
