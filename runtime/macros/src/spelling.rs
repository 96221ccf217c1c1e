//! Makes `yield` parseable.
//!
//! `yield x` and `break 'label x` have the same grammar, and syn parses the second one with all its
//! precedence rules. (syn's own `yield` reads `match yield t {` as a struct literal.) So before
//! parsing, each `yield` becomes a `break` to a label that names the kind of the `yield`. No label
//! of a user can clash, because these labels never reach the compiler.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// The macros whose bodies have their own `yield`s, and are left unchanged.
const OWN_BODIES: [&str; 4] = ["generator", "coroutine", "async_generator", "async_coroutine"];

/// The kind of `yield` that a label stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum YieldKind {
    /// `yield x`
    Plain,
    /// `yield ::x`: a label followed by `::` would be read as a loop label, so the `::` is left out
    /// and put back.
    Global,
    /// `yield from x`
    From,
}

impl YieldKind {
    const fn label(self) -> &'static str {
        match self {
            YieldKind::Plain => "__yield",
            YieldKind::Global => "__yield_global",
            YieldKind::From => "__yield_from",
        }
    }

    /// Returns the kind that a label's name stands for.
    pub(crate) fn of(label: &Ident) -> Option<YieldKind> {
        [YieldKind::Plain, YieldKind::Global, YieldKind::From].into_iter().find(|kind| label == kind.label())
    }
}

/// Returns whether an identifier names a macro whose body has its own `yield`s.
pub(crate) fn is_own_body(name: &Ident) -> bool {
    OWN_BODIES.iter().any(|own| name == own)
}

/// Replaces every `yield` that belongs to this body.
pub(crate) fn respell(tokens: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut out = TokenStream::new();
    let mut index = 0;
    while index < tokens.len() {
        match &tokens[index] {
            TokenTree::Ident(word) if word == "yield" => {
                let (kind, length) = kind_at(&tokens[index + 1..]);
                write_break(&mut out, kind, word.span());
                index += 1 + length;
                continue;
            }
            TokenTree::Ident(name) if is_own_body(name) && is_punct(tokens.get(index + 1), '!') => {
                // The name, the `!` and the whole group.
                out.extend(tokens[index..].iter().take(3).cloned());
                index += 3;
                continue;
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), respell(group.stream()));
                inner.set_span(group.span());
                out.extend([TokenTree::Group(inner)]);
            }
            token => out.extend([token.clone()]),
        }
        index += 1;
    }
    out
}

/// Returns the kind of a `yield`, and how many of the tokens after it the label replaces.
fn kind_at(rest: &[TokenTree]) -> (YieldKind, usize) {
    match rest.first() {
        Some(TokenTree::Ident(from)) if from == "from" && begins_operand(rest.get(1)) => (YieldKind::From, 1),
        Some(TokenTree::Punct(colon)) if colon.as_char() == ':' && is_punct(rest.get(1), ':') => {
            (YieldKind::Global, 2)
        }
        _ => (YieldKind::Plain, 0),
    }
}

/// `from` may be a variable: `yield from + 1`. It is the keyword if what follows cannot continue an
/// expression.
fn begins_operand(token: Option<&TokenTree>) -> bool {
    match token {
        Some(TokenTree::Ident(word)) => word != "as",
        Some(TokenTree::Literal(_)) => true,
        Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::Brace,
        Some(TokenTree::Punct(punct)) => punct.as_char() == '&',
        None => false,
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn write_break(out: &mut TokenStream, kind: YieldKind, span: Span) {
    let mut quote = Punct::new('\'', Spacing::Joint);
    quote.set_span(span);
    out.extend([
        TokenTree::Ident(Ident::new("break", span)),
        TokenTree::Punct(quote),
        TokenTree::Ident(Ident::new(kind.label(), span)),
    ]);
}

/// Returns whether this `break` is one that this file wrote. `rest` are the tokens after the word.
pub(crate) fn is_respelled(rest: &mut dyn Iterator<Item = TokenTree>) -> bool {
    is_punct(rest.next().as_ref(), '\'')
        && matches!(rest.next(), Some(TokenTree::Ident(label)) if YieldKind::of(&label).is_some())
}

/// Returns the place of the first `yield` in these tokens that belongs to this body, if there is
/// one.
pub(crate) fn find_yield(tokens: TokenStream) -> Option<Span> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(name) if is_own_body(&name) && is_punct(tokens.peek(), '!') => {
                tokens.nth(1);
            }
            TokenTree::Ident(label) if YieldKind::of(&label).is_some() => return Some(label.span()),
            TokenTree::Group(group) => {
                if let Some(span) = find_yield(group.stream()) {
                    return Some(span);
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns whether these tokens contain a `yield`, in its original spelling, that belongs to this
/// body.
pub(crate) fn yields(tokens: TokenStream) -> bool {
    find_yield(respell(tokens)).is_some()
}

/// Returns whether this word stands anywhere in these tokens.
pub(crate) fn mentions(tokens: TokenStream, wanted: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == wanted,
        TokenTree::Group(group) => mentions(group.stream(), wanted),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn respelled(source: &str) -> String {
        respell(source.parse().unwrap()).to_string().replace(' ', "")
    }

    #[test]
    fn a_variable_named_from_is_yielded() {
        assert_eq!(respelled("yield from + 1"), "break'__yieldfrom+1");
        assert_eq!(respelled("yield from as u8"), "break'__yieldfromasu8");
        assert_eq!(respelled("yield from"), "break'__yieldfrom");
    }

    #[test]
    fn from_before_an_operand_delegates() {
        for operand in ["x", "0..n", "(a, b)", "[1]", "&v"] {
            let wanted = format!("break'__yield_from{}", operand.replace(' ', ""));
            assert_eq!(respelled(&format!("yield from {operand}")), wanted);
        }
    }

    #[test]
    fn a_global_path_survives() {
        assert_eq!(respelled("yield ::a::b"), "break'__yield_globala::b");
    }

    #[test]
    fn nested_bodies_are_left_alone() {
        assert_eq!(respelled("f(generator!{ yield 1 }, yield 2)"), "f(generator!{yield1},break'__yield2)");
    }
}
