//! Puts a lowered body into its machine.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Block, Stmt};

use crate::form::{Flavour, Form, Item, Types};
use crate::{attempt, lower, spelling};

/// The names that an expansion gives to its own variables. Users cannot write them: their hygiene is the macro's.
pub(crate) fn private(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The label around the whole body. A `break` to it compiles only directly in the body.
pub(crate) fn body_label() -> syn::Lifetime {
    syn::Lifetime::new("'__body", Span::mixed_site())
}

pub(crate) fn expand(input: TokenStream, flavour: Flavour) -> TokenStream {
    let parser = move |input: ParseStream<'_>| Form::parse(input, flavour);
    match parser.parse2(input) {
        Ok(Form::Block(types, body)) => expression(body, &types, flavour, quote!(_)),
        Ok(Form::Items(items)) => items.iter().map(|one| item(one, flavour)).collect(),
        Err(error) => error.to_compile_error(),
    }
}

/// `fn name(..) -> Machine<impl Future, Y, A> { body }`.
fn item(item: &Item, flavour: Flavour) -> TokenStream {
    let Item { attributes, visibility, signature, yielded, types, body } = item;
    let machine = private(if flavour.is_async { "AsyncMachine" } else { "Machine" });
    let (argument, output) = (types.argument(flavour), types.output(flavour));
    let clause = &signature.generics.where_clause;
    let mut head = signature.clone();
    head.generics.where_clause = None;
    let made = expression(body.clone(), types, flavour, quote!(#yielded));
    quote! {
        #(#attributes)*
        #visibility #head -> ::heist::generator::#machine<
            impl ::core::future::Future<Output = #output>, #yielded, #argument
        > #clause {
            #made
        }
    }
}

/// The expression that makes the machine.
fn expression(body: TokenStream, types: &Types, flavour: Flavour, yielded: TokenStream) -> TokenStream {
    let mut statements = match Block::parse_within.parse2(spelling::respell(body)) {
        Ok(statements) => statements,
        Err(error) => return error.to_compile_error(),
    };
    attempt::lower(&mut statements);
    let errors = lower::lower(&mut statements, flavour);
    let argument = types.argument(flavour);
    let (tie, machine) = if flavour.is_async {
        (quote!(tie_async), quote!(async_machine))
    } else {
        (quote!(tie), quote!(machine))
    };
    let (gate, knot, code, frame) = (private("gate"), private("knot"), private("code"), private("frame"));
    let begin = if flavour.is_async {
        // Each exchange asks for the frame of its own poll. The gate moves in even if there is none.
        quote!(let _ = &#gate;)
    } else {
        quote! {
            #[allow(unused_variables, unused_mut)]
            let mut #frame = unsafe { #gate.begin() }.await;
        }
    };
    let hint = result_hint(types, flavour);
    let block = body_block(&statements);
    quote! {{
        #errors
        let (#gate, #knot) = unsafe { ::heist::generator::airlock::#tie::<#yielded, #argument>() };
        let #code = async move {
            #begin
            #hint
            #block
        };
        unsafe { ::heist::generator::airlock::#machine(#knot, #code) }
    }}
}

/// Names the result type before the body's first `?`, so that `?` and `Ok(())` need no annotation.
fn result_hint(types: &Types, flavour: Flavour) -> TokenStream {
    if !flavour.is_coroutine {
        return TokenStream::new();
    }
    let thrown = types.thrown();
    let returned = types.returned.as_ref().map_or_else(|| quote!(_), |returned| quote!(#returned));
    quote! {
        if false {
            return ::heist::generator::airlock::outcome::<#returned, #thrown>();
        }
    }
}

/// The user's statements under the label. `unused_parens`: `(yield x)` needs its parentheses only before lowering.
fn body_block(statements: &[Stmt]) -> TokenStream {
    let label = body_label();
    quote_spanned! {Span::mixed_site()=>
        #[allow(unused_labels, unused_parens, unused_assignments)]
        #label: { #(#statements)* }
    }
}
