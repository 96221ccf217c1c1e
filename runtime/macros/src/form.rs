//! The input of a macro: a block with a header, or function items.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Generics, Ident, Signature, Token, Type, Visibility};

use crate::spelling;

/// Which of the four macros it is, and the path of heist.
pub(crate) struct Flavour {
    pub(crate) home: TokenStream,
    pub(crate) is_async: bool,
    pub(crate) is_coroutine: bool,
}

impl Flavour {
    /// The macro's name.
    fn name(&self) -> &'static str {
        match (self.is_async, self.is_coroutine) {
            (false, false) => "generator!",
            (false, true) => "coroutine!",
            (true, false) => "async_generator!",
            (true, true) => "async_coroutine!",
        }
    }
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

    fn thrown(&self) -> TokenStream {
        self.thrown.as_ref().map_or_else(|| quote!(::core::convert::Infallible), |thrown| quote!(#thrown))
    }

    /// Returns the type that a `yield` evaluates to inside the airlock.
    pub(crate) fn argument(&self, flavour: &Flavour) -> TokenStream {
        let home = &flavour.home;
        if !flavour.is_coroutine {
            return quote!(#home::generator::Next);
        }
        self.outcome(flavour, &self.sent())
    }

    /// Returns the type that the body as a whole evaluates to.
    pub(crate) fn output(&self, flavour: &Flavour) -> TokenStream {
        let returned = self.returned.as_ref().map_or_else(|| quote!(()), |returned| quote!(#returned));
        if flavour.is_coroutine { self.outcome(flavour, &returned) } else { returned }
    }

    /// Returns the type of a result that holds `value` or the thrown error.
    pub(crate) fn outcome(&self, flavour: &Flavour, value: &TokenStream) -> TokenStream {
        let (home, thrown) = (&flavour.home, self.thrown());
        quote!(#home::generator::Outcome<#value, #thrown>)
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
    pub(crate) braces: Span,
}

/// The input of a macro.
pub(crate) enum Form {
    /// `|_: S, E| statements`, the header optional and only for coroutines.
    Block(Box<Types>, TokenStream),
    Items(Vec<Item>),
}

impl Form {
    pub(crate) fn parse(input: ParseStream<'_>, flavour: &Flavour) -> syn::Result<Form> {
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

/// Recognises an item by its signature up to `-> yields`. A body may also begin with a nested
/// function. Without `yields`, the input counts as an item that lacks it if there is nothing but
/// functions, and one of them yields.
fn is_item(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    skip_head(&ahead).is_ok()
        && (ahead.parse::<Token![->]>().is_ok() && ahead.parse::<Ident>().is_ok_and(|word| word == "yields")
            || yields_in_functions_only(&input.fork()).unwrap_or(false))
}

/// Parses everything of an item before the arrow, with any qualifiers.
fn skip_head(input: ParseStream<'_>) -> syn::Result<()> {
    input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    while !input.peek(Token![fn]) {
        parse_qualifier(input)?;
    }
    parse_signature(input).map(drop)
}

fn yields_in_functions_only(input: ParseStream<'_>) -> syn::Result<bool> {
    let mut yields = false;
    while !input.is_empty() {
        skip_head(input)?;
        while !input.peek(syn::token::Brace) && !input.peek(Token![;]) {
            input.parse::<TokenTree>()?;
        }
        if let TokenTree::Group(body) = input.parse()? {
            yields |= spelling::yields(body.stream());
        }
    }
    Ok(yields)
}

/// `async`, `const`, `unsafe`, `extern "C"` and the like, as it is written.
fn parse_qualifier(input: ParseStream<'_>) -> syn::Result<Ident> {
    let word = input.call(Ident::parse_any)?;
    if !["async", "const", "unsafe", "extern", "default", "safe"].iter().any(|known| word == known) {
        return Err(syn::Error::new(word.span(), "expected `fn`"));
    }
    if word == "extern" {
        input.parse::<Option<syn::LitStr>>()?;
    }
    Ok(word)
}

/// `fn name<generics>(inputs)`: the part before the arrow.
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

fn parse_item(input: ParseStream<'_>, flavour: &Flavour) -> syn::Result<Item> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    if !input.peek(Token![fn]) {
        let word = parse_qualifier(input)?;
        return Err(syn::Error::new(word.span(), refusal_of(&word, flavour)));
    }
    let mut signature = parse_signature(input)?;
    let yielded = parse_yields(input, &signature)?;
    let mut types = Types::default();
    while !input.peek(syn::token::Brace) && !input.peek(Token![where]) && !input.peek(Token![;]) {
        input.parse::<Option<Token![,]>>()?;
        parse_clause(input, flavour, &mut types)?;
    }
    signature.generics.where_clause = input.parse()?;
    if input.peek(Token![;]) {
        let message = "a method without a body is declared outside of the macro, by the type that the item form \
                       returns, for instance `fn name(&self) -> Generator<Y, impl Code>;`; the macro writes the \
                       methods of the `impl`";
        return Err(syn::Error::new(signature.ident.span(), message));
    }
    let content;
    let braces = syn::braced!(content in input).span.join();
    Ok(Item { attributes, visibility, signature, yielded, types, body: content.parse()?, braces })
}

/// `-> yields Y`.
fn parse_yields(input: ParseStream<'_>, signature: &Signature) -> syn::Result<Type> {
    if !input.peek(Token![->]) {
        let message = "an item names what it yields: write `-> yields TYPE` after the parameters";
        return Err(syn::Error::new(signature.ident.span(), message));
    }
    input.parse::<Token![->]>()?;
    let ahead = input.fork();
    if ahead.parse::<Ident>().is_ok_and(|word| word == "yields") {
        input.parse::<Ident>()?;
        return input.parse();
    }
    let message = "an item names what it yields: write `-> yields TYPE`, and `, returns TYPE` for the value that it \
                   ends with";
    match input.parse::<Type>() {
        Ok(written) => Err(syn::Error::new_spanned(written, message)),
        Err(error) => Err(syn::Error::new(error.span(), message)),
    }
}

/// Returns why a function of a macro cannot be qualified by this word.
fn refusal_of(word: &Ident, flavour: &Flavour) -> String {
    let name = flavour.name();
    match word.to_string().as_str() {
        "async" if flavour.is_async => {
            format!("write `fn` without `async`: what `{name}` makes is asynchronous already")
        }
        "async" => {
            format!("`{name}` is synchronous: write `fn`, or, if the body awaits, `async_{name}` and `fn`")
        }
        _ => format!("a function of `{name}` cannot be `{word}`: write `fn`"),
    }
}

/// `takes S`, `throws E` or `returns R`.
fn parse_clause(input: ParseStream<'_>, flavour: &Flavour, types: &mut Types) -> syn::Result<()> {
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
