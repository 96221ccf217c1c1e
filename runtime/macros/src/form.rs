//! What a macro was given: a block with a header, or function items.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Generics, Ident, Signature, Token, Type, Visibility};

/// Which of the four macros it is.
#[derive(Clone, Copy)]
pub(crate) struct Flavour {
    pub(crate) is_async: bool,
    pub(crate) is_coroutine: bool,
}

/// The types that pass through the airlock besides the yielded one.
#[derive(Default)]
pub(crate) struct Types {
    sent: Option<Type>,
    thrown: Option<Type>,
    pub(crate) returned: Option<Type>,
}

impl Types {
    fn sent(&self) -> TokenStream {
        self.sent.as_ref().map_or_else(|| quote!(()), |sent| quote!(#sent))
    }

    pub(crate) fn thrown(&self) -> TokenStream {
        self.thrown.as_ref().map_or_else(|| quote!(::core::convert::Infallible), |thrown| quote!(#thrown))
    }

    /// What a `yield` evaluates to inside the airlock.
    pub(crate) fn argument(&self, flavour: Flavour) -> TokenStream {
        if !flavour.is_coroutine {
            return quote!(::heist::generator::Next);
        }
        let (sent, thrown) = (self.sent(), self.thrown());
        quote!(::heist::generator::Outcome<#sent, #thrown>)
    }

    /// What the body as a whole evaluates to.
    pub(crate) fn output(&self, flavour: Flavour) -> TokenStream {
        let returned = self.returned.as_ref().map_or_else(|| quote!(()), |returned| quote!(#returned));
        if !flavour.is_coroutine {
            return returned;
        }
        let thrown = self.thrown();
        quote!(::heist::generator::Outcome<#returned, #thrown>)
    }
}

/// One `fn name(..) -> yields Y, takes S, throws E, returns R { .. }`.
pub(crate) struct Item {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) yielded: Type,
    pub(crate) types: Types,
    pub(crate) body: TokenStream,
}

/// The input of a macro.
pub(crate) enum Form {
    /// `|_: S, E| statements`, the header optional and only for coroutines.
    Block(Box<Types>, TokenStream),
    Items(Vec<Item>),
}

impl Form {
    pub(crate) fn parse(input: ParseStream<'_>, flavour: Flavour) -> syn::Result<Form> {
        if is_item(input) {
            let mut items = Vec::new();
            while !input.is_empty() {
                items.push(parse_item(input, flavour)?);
            }
            return Ok(Form::Items(items));
        }
        let types = if flavour.is_coroutine && input.peek(Token![|]) {
            parse_header(input)?
        } else {
            Types::default()
        };
        Ok(Form::Block(Box::new(types), input.parse()?))
    }
}

/// `|_: S|` or `|_: S, E|`.
fn parse_header(input: ParseStream<'_>) -> syn::Result<Types> {
    input.parse::<Token![|]>()?;
    input.parse::<Token![_]>()?;
    input.parse::<Token![:]>()?;
    let mut types = Types { sent: Some(input.parse()?), ..Types::default() };
    if input.parse::<Option<Token![,]>>()?.is_some() {
        types.thrown = Some(input.parse()?);
    }
    input.parse::<Token![|]>()?;
    Ok(types)
}

/// An item is recognised by its signature up to `-> yields`; a body may also begin with a nested function.
fn is_item(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.call(Attribute::parse_outer).is_ok()
        && ahead.parse::<Visibility>().is_ok()
        && parse_signature(&ahead).is_ok()
        && ahead.parse::<Token![->]>().is_ok()
        && ahead.parse::<Ident>().is_ok_and(|word| word == "yields")
}

/// `fn name<generics>(inputs)`: what stands before the arrow.
fn parse_signature(input: ParseStream<'_>) -> syn::Result<Signature> {
    let fn_token = input.parse()?;
    let ident = input.parse()?;
    let generics: Generics = input.parse()?;
    let content;
    let paren_token = syn::parenthesized!(content in input);
    let inputs = content.parse_terminated(<syn::FnArg as Parse>::parse, Token![,])?;
    Ok(Signature {
        constness: None,
        asyncness: None,
        unsafety: None,
        abi: None,
        fn_token,
        ident,
        generics,
        paren_token,
        inputs,
        variadic: None,
        output: syn::ReturnType::Default,
    })
}

fn parse_item(input: ParseStream<'_>, flavour: Flavour) -> syn::Result<Item> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    let mut signature = parse_signature(input)?;
    input.parse::<Token![->]>()?;
    let word: Ident = input.parse()?;
    if word != "yields" {
        return Err(syn::Error::new(word.span(), "expected `-> yields TYPE`"));
    }
    let yielded = input.parse()?;
    let mut types = Types::default();
    while !input.peek(syn::token::Brace) && !input.peek(Token![where]) {
        input.parse::<Option<Token![,]>>()?;
        parse_clause(input, flavour, &mut types)?;
    }
    signature.generics.where_clause = input.parse()?;
    let content;
    syn::braced!(content in input);
    Ok(Item { attributes, visibility, signature, yielded, types, body: content.parse()? })
}

/// `takes S`, `throws E` or `returns R`.
fn parse_clause(input: ParseStream<'_>, flavour: Flavour, types: &mut Types) -> syn::Result<()> {
    let word: Ident = input.parse()?;
    let place = match word.to_string().as_str() {
        "takes" if flavour.is_coroutine => &mut types.sent,
        "throws" if flavour.is_coroutine => &mut types.thrown,
        "returns" => &mut types.returned,
        "takes" | "throws" => {
            let message =
                "a generator cannot be sent to or thrown into: write this item with a coroutine macro";
            return Err(syn::Error::new(word.span(), message));
        }
        _ => {
            return Err(syn::Error::new(
                word.span(),
                "expected `takes TYPE`, `throws TYPE` or `returns TYPE`",
            ));
        }
    };
    if place.is_some() {
        return Err(syn::Error::new(word.span(), format!("`{word}` is written twice")));
    }
    *place = Some(input.parse()?);
    Ok(())
}
