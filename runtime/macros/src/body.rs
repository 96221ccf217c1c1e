//! The parts of a body, and the names that its expansion defines in it.

use proc_macro2::{Ident, Span};
use syn::parse::ParseStream;
use syn::{AttrStyle, Attribute, Block, Stmt};

/// The names of the variables that an expansion defines. Users cannot write them, because they have
/// the macro's hygiene.
pub(crate) fn private(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The variable through which a body hands out its values. The compiler shows this name where a
/// body yields a borrow of a value that it owns, because the borrow would have to outlive the type
/// of this variable. The name therefore explains the error.
pub(crate) fn gate() -> Ident {
    private("what_is_yielded_must_not_borrow_from_the_body")
}

/// The label around the whole body. A `break` to it compiles only directly in the body.
pub(crate) fn body_label() -> syn::Lifetime {
    syn::Lifetime::new("'__body", Span::mixed_site())
}

/// Splits a body into the inner attributes that apply to all of it, and its statements.
pub(crate) fn parse_body(input: ParseStream<'_>) -> syn::Result<(Vec<Attribute>, Vec<Stmt>)> {
    let mut inner = input.call(Attribute::parse_inner)?;
    for attribute in &mut inner {
        attribute.style = AttrStyle::Outer;
    }
    Ok((inner, input.call(Block::parse_within)?))
}
