//! Puts a lowered body into its machine.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Stmt};

use crate::body::{body_label, gate, parse_body, private};
use crate::form::{Flavour, Form, Item, Types};
use crate::lower::{Lowering, lower};
use crate::{attempt, spelling};

/// Which of the four macros is expanded.
#[derive(Clone, Copy)]
pub(crate) struct MacroKind {
    pub(crate) is_async: bool,
    pub(crate) is_coroutine: bool,
}

/// The first token of the input is the path of heist: the public macros in heist put `$crate`
/// there.
pub(crate) fn expand(input: TokenStream, kind: MacroKind) -> TokenStream {
    let mut tokens = input.into_iter();
    let home = tokens.next().into_iter().collect();
    let flavour = Flavour { home, is_async: kind.is_async, is_coroutine: kind.is_coroutine };
    let parser = |input: ParseStream<'_>| Form::parse(input, &flavour);
    match parser.parse2(tokens.collect()) {
        Ok(Form::Block(types, body)) => {
            let around = Surroundings::of_block(&body);
            expression(body, &types, &flavour, &around)
        }
        Ok(Form::Items(items)) => items.iter().map(|one| item(one, &flavour)).collect(),
        Err(error) => error.to_compile_error(),
    }
}

/// The surroundings of a body: the type that it yields, the name of its item, and the code from its
/// first token to its last, which the compiler points to in errors about the body as a whole.
struct Surroundings {
    yielded: TokenStream,
    item: Option<Ident>,
    first: Span,
    last: Span,
    braces: Span,
}

impl Surroundings {
    fn of_block(body: &TokenStream) -> Surroundings {
        let mut spans = body.clone().into_iter().map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        let last = spans.last().unwrap_or(first);
        Surroundings { yielded: quote!(_), item: None, first, last, braces: last }
    }

    fn of_item(item: &Item) -> Surroundings {
        let name = &item.signature.ident;
        let yielded = item.yielded.to_token_stream();
        let (first, last) = (name.span(), name.span());
        Surroundings { yielded, item: Some(name.clone()), first, last, braces: item.braces }
    }
}

/// Returns the macro's hygiene at a place in the user's code.
fn ours_at(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// Returns braces that end at a place in the user's code.
fn braced_at(at: Span, content: TokenStream) -> TokenTree {
    let mut group = Group::new(Delimiter::Brace, content);
    group.set_span(ours_at(at));
    TokenTree::Group(group)
}

/// `fn name(..) -> Machine<impl Future, Y, A> { body }`.
fn item(item: &Item, flavour: &Flavour) -> TokenStream {
    let Item { attributes, visibility, signature, yielded, types, body, .. } = item;
    let machine = private(if flavour.is_async { "AsyncMachine" } else { "Machine" });
    let (argument, output) = (types.argument(flavour), types.output(flavour));
    let clause = &signature.generics.where_clause;
    let mut head = signature.clone();
    head.generics.where_clause = None;
    let made = expression(body.clone(), types, flavour, &Surroundings::of_item(item));
    let home = &flavour.home;
    quote! {
        #(#attributes)*
        #visibility #head -> #home::generator::#machine<
            impl ::core::future::Future<Output = #output>, #yielded, #argument
        > #clause {
            #made
        }
    }
}

/// Returns the expression that makes the machine. The body is an argument of its call, so the
/// compiler knows the expected yield type before it reads the body.
fn expression(body: TokenStream, types: &Types, flavour: &Flavour, around: &Surroundings) -> TokenStream {
    let (inner, mut statements) = match parse_body.parse2(spelling::respell(body)) {
        Ok(parsed) => parsed,
        Err(error) => return error.to_compile_error(),
    };
    attempt::lower(&mut statements);
    let lowering = Lowering {
        flavour,
        returns_nothing: around.item.is_some() && !flavour.is_coroutine && types.returned.is_none(),
    };
    lower(&mut statements, lowering);
    let argument = types.argument(flavour);
    let (tie, machine) = if flavour.is_async {
        (quote!(tie_async), quote!(async_machine))
    } else {
        (quote!(tie), quote!(machine))
    };
    let (gate, knot, frame) = (gate(), private("knot"), private("frame"));
    let begin = if flavour.is_async {
        // Each exchange needs the frame of its own poll. The gate moves in even if there is no
        // exchange.
        quote!(let _ = &#gate;)
    } else {
        quote! {
            #[allow(unused_variables, unused_mut)]
            let mut #frame = unsafe { #gate.begin() }.await;
        }
    };
    let hint = result_hint(types, flavour, around);
    let block = body_block(&inner, &statements, around.braces);
    let (home, yielded) = (&flavour.home, &around.yielded);
    let code = braced_at(around.last, quote!(#begin #hint #block));
    let code = quote_spanned!(ours_at(around.first)=> async move #code);
    quote! {{
        let (#gate, #knot) = unsafe { #home::generator::airlock::#tie::<#yielded, #argument>() };
        #home::generator::airlock::#machine(#knot, #code)
    }}
}

/// Names the result type before the body's first `?` and `return`, so that `?` and `Ok(())` need no
/// annotation, and the compiler marks a value of another type.
fn result_hint(types: &Types, flavour: &Flavour, around: &Surroundings) -> TokenStream {
    let returned = match (&types.returned, &around.item) {
        (Some(returned), _) => quote!(#returned),
        (None, Some(name)) => quote_spanned!(name.span()=> ()),
        (None, None) => quote!(_),
    };
    let output = if flavour.is_coroutine {
        types.outcome(flavour, &returned)
    } else if around.item.is_some() {
        returned
    } else {
        return TokenStream::new();
    };
    if spelling::mentions(output.clone(), "impl") {
        return TokenStream::new();
    }
    // With its own hygiene, by which `$crate` is found, at the place of the body.
    let home = flavour.home.clone().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(around.first));
        token
    });
    let home: TokenStream = home.collect();
    quote_spanned! {ours_at(around.first)=>
        if false {
            return #home::generator::airlock::returned::<#output>();
        }
    }
}

/// The user's statements under the label. `unused_parens`: `(yield x)` needs its parentheses only
/// before lowering.
fn body_block(inner: &[Attribute], statements: &[Stmt], braces: Span) -> TokenStream {
    let label = body_label();
    let label = syn::Lifetime::new(&label.to_string(), ours_at(braces));
    let block = braced_at(braces, quote!(#(#statements)*));
    quote_spanned! {Span::mixed_site()=>
        #(#inner)*
        #[allow(unused_labels, unused_parens, unused_assignments)]
        #label: #block
    }
}
