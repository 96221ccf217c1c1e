//! `#[heist::main]` and `#[heist::test]`: make an async function into one that builds a runtime and
//! blocks on the body.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Ident, ItemFn, LitBool, LitInt, LitStr, Path, Result, Token};

use crate::home;

/// The options in the parentheses of the attribute.
#[derive(Default)]
struct EntryOptions {
    flavor: Option<EntryFlavor>,
    worker_threads: Option<LitInt>,
    driver: Option<Ident>,
    start_paused: Option<LitBool>,
    home: Option<Path>,
    // The others are only for a test of the simulation.
    seeds: Option<LitInt>,
    twice: Option<LitBool>,
    exhaustive: Option<LitInt>,
}

#[derive(Clone, Copy, PartialEq)]
enum EntryFlavor {
    MultiThread,
    CurrentThread,
}

impl Parse for EntryOptions {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = EntryOptions::default();
        for option in Punctuated::<Setting, Token![,]>::parse_terminated(input)? {
            match option {
                Setting::Flavor(flavor) => options.flavor = Some(flavor),
                Setting::Workers(count) => options.worker_threads = Some(count),
                Setting::Driver(kind) => options.driver = Some(kind),
                Setting::StartPaused(is_paused) => options.start_paused = Some(is_paused),
                Setting::Home(path) => options.home = Some(path),
                Setting::Seeds(count) => options.seeds = Some(count),
                Setting::Twice(is_twice) => options.twice = Some(is_twice),
                Setting::Exhaustive(delays) => options.exhaustive = Some(delays),
            }
        }
        Ok(options)
    }
}

enum Setting {
    Flavor(EntryFlavor),
    Workers(LitInt),
    Driver(Ident),
    StartPaused(LitBool),
    Home(Path),
    Seeds(LitInt),
    Twice(LitBool),
    Exhaustive(LitInt),
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        match name.to_string().as_str() {
            "flavor" => parse_flavor(&input.parse()?).map(Setting::Flavor),
            "worker_threads" => {
                let count: LitInt = input.parse()?;
                if count.base10_parse::<usize>()? == 0 {
                    return Err(Error::new(count.span(), "worker_threads must be at least 1"));
                }
                Ok(Setting::Workers(count))
            }
            "driver" => parse_driver(&input.parse()?).map(Setting::Driver),
            "start_paused" => input.parse().map(Setting::StartPaused),
            "crate" => parse_home(&input.parse()?).map(Setting::Home),
            "seeds" => {
                let count: LitInt = input.parse()?;
                if count.base10_parse::<u64>()? == 0 {
                    return Err(Error::new(count.span(), "seeds must be at least 1"));
                }
                Ok(Setting::Seeds(count))
            }
            "twice" => input.parse().map(Setting::Twice),
            "exhaustive" => {
                let delays: LitInt = input.parse()?;
                delays.base10_parse::<u32>()?;
                Ok(Setting::Exhaustive(delays))
            }
            _ => Err(Error::new(
                name.span(),
                "unknown option; there are flavor, worker_threads, driver, start_paused and crate, and in the simulation \
                 seeds, twice and exhaustive",
            )),
        }
    }
}

fn parse_flavor(word: &LitStr) -> Result<EntryFlavor> {
    match word.value().as_str() {
        "multi_thread" => Ok(EntryFlavor::MultiThread),
        "current_thread" => Ok(EntryFlavor::CurrentThread),
        _ => {
            Err(Error::new(word.span(), "unknown flavor; there are \"multi_thread\" and \"current_thread\""))
        }
    }
}

fn parse_driver(word: &LitStr) -> Result<Ident> {
    let variant = match word.value().as_str() {
        "auto" => "Auto",
        "uring" => "Uring",
        "poll" => "Poll",
        _ => {
            return Err(Error::new(
                word.span(),
                "unknown driver; there are \"auto\", \"uring\" and \"poll\"",
            ));
        }
    };
    Ok(Ident::new(variant, word.span()))
}

fn parse_home(path: &LitStr) -> Result<Path> {
    let message = "`crate` names the path of heist, for instance \"my_crate::heist\"";
    path.parse_with(Path::parse_mod_style).map_err(|_| Error::new(path.span(), message))
}

/// Expands `#[heist::main]`.
pub(crate) fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(arguments, item, EntryFlavor::MultiThread, None)
}

/// Expands `#[heist::test]`.
pub(crate) fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(arguments, item, EntryFlavor::CurrentThread, Some(quote!(#[::core::prelude::v1::test])))
}

/// Expands `#[heist::sim::test]`.
pub(crate) fn sim_test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    try_expand_sim(arguments, item).unwrap_or_else(|error| error.into_compile_error())
}

fn try_expand_sim(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let ItemFn { attrs, vis, mut sig, block } = syn::parse2(item)?;
    let options: EntryOptions = syn::parse2(arguments)?;
    if !sig.inputs.is_empty() {
        return Err(Error::new(sig.inputs.span(), "this function takes no arguments"));
    }
    let home = options.home.as_ref().map_or_else(home::find, |path| quote!(#path));
    let body = if sig.asyncness.take().is_some() {
        let builder = builder(&options, EntryFlavor::MultiThread)?;
        quote!(#builder.build().expect("heist: the runtime could not start").block_on(async #block))
    } else {
        quote!(#block)
    };
    let output = std::mem::replace(&mut sig.output, syn::ReturnType::Default);
    let name = sig.ident.unraw().to_string();
    let EntryOptions { seeds, twice, exhaustive, .. } = options;
    let exhaustive = exhaustive.map(|delays| quote!(.exhaustive(#delays)));
    let seeds = seeds.map(|count| quote!(.seeds(#count)));
    let twice = twice.map(|is_twice| quote!(.twice(#is_twice)));
    Ok(quote_spanned! {block.span()=>
        #[::core::prelude::v1::test]
        #(#attrs)*
        #vis #sig {
            fn root() #output {
                #body
            }
            let case = #home::sim::TestCase::new(
                ::core::module_path!(),
                #name,
                ::core::file!(),
            );
            #home::sim::run_test(&case #exhaustive #seeds #twice, || #home::sim::conclude(root()));
        }
    })
}

fn expand(
    arguments: TokenStream,
    item: TokenStream,
    default_flavor: EntryFlavor,
    attribute: Option<TokenStream>,
) -> TokenStream {
    try_expand(arguments, item, default_flavor, attribute).unwrap_or_else(|error| error.into_compile_error())
}

fn try_expand(
    arguments: TokenStream,
    item: TokenStream,
    default_flavor: EntryFlavor,
    attribute: Option<TokenStream>,
) -> Result<TokenStream> {
    let mut function: ItemFn = syn::parse2(item)?;
    let options: EntryOptions = syn::parse2(arguments)?;
    let EntryOptions { seeds, twice, exhaustive, .. } = &options;
    let is_used = [
        seeds.as_ref().map(Spanned::span),
        twice.as_ref().map(Spanned::span),
        exhaustive.as_ref().map(Spanned::span),
    ];
    if let Some(span) = is_used.into_iter().flatten().next() {
        return Err(Error::new(span, "this option is for `#[heist::sim::test]`"));
    }
    if function.sig.asyncness.take().is_none() {
        return Err(Error::new(function.sig.fn_token.span, "this attribute stands on an async fn"));
    }
    if !function.sig.inputs.is_empty() {
        return Err(Error::new(function.sig.inputs.span(), "this function takes no arguments"));
    }
    let builder = builder(&options, default_flavor)?;
    let ItemFn { attrs, vis, sig, block } = function;
    // The body keeps its own span, so that errors point into it.
    Ok(quote_spanned! {block.span()=>
        #attribute
        #(#attrs)*
        #vis #sig {
            let body = async #block;
            #builder
                .build()
                .expect("heist: the runtime could not start")
                .block_on(body)
        }
    })
}

fn builder(options: &EntryOptions, default_flavor: EntryFlavor) -> Result<TokenStream> {
    let flavor = options.flavor.unwrap_or(match options.worker_threads {
        Some(_) => EntryFlavor::MultiThread,
        None => default_flavor,
    });
    let home = options.home.as_ref().map_or_else(home::find, |path| quote!(#path));
    let mut builder = match flavor {
        EntryFlavor::MultiThread => quote!(#home::runtime::Builder::new_multi_thread()),
        EntryFlavor::CurrentThread => quote!(#home::runtime::Builder::new_current_thread()),
    };
    if let Some(count) = &options.worker_threads {
        if flavor == EntryFlavor::CurrentThread {
            return Err(Error::new(count.span(), "the current_thread flavor has one worker"));
        }
        builder = quote!(#builder.worker_threads(#count));
    }
    if let Some(kind) = &options.driver {
        builder = quote!(#builder.driver(#home::runtime::DriverKind::#kind));
    }
    if let Some(is_paused) = &options.start_paused {
        if is_paused.value && flavor != EntryFlavor::CurrentThread {
            return Err(Error::new(
                is_paused.span(),
                "start_paused needs the current_thread flavor: with several threads nobody knows when all of them wait",
            ));
        }
        builder = quote!(#builder.start_paused(#is_paused));
    }
    Ok(builder)
}

#[cfg(test)]
mod tests {
    use super::{main, sim_test, test};
    use quote::quote;

    #[test]
    fn options_reach_the_builder() {
        let code = main(
            quote!(worker_threads = 3, driver = "poll"),
            quote!(
                async fn main() {}
            ),
        )
        .to_string();
        assert!(code.contains("new_multi_thread () . worker_threads (3)"), "{code}");
        assert!(code.contains("DriverKind :: Poll"), "{code}");
        let code = test(
            quote!(),
            quote!(
                async fn works() {}
            ),
        )
        .to_string();
        assert!(code.contains("new_current_thread"), "{code}");
    }

    #[test]
    fn a_test_of_the_simulation_runs_its_body_in_worlds() {
        let code = sim_test(
            quote!(seeds = 7, twice = true),
            quote!(
                async fn works() -> io::Result<()> {
                    Ok(())
                }
            ),
        );
        let code = code.to_string().replace(' ', "");
        assert!(code.contains("fnroot()->io::Result<()>") && code.contains("new_multi_thread()"), "{code}");
        assert!(code.contains(r#""works""#) && code.contains(".seeds(7).twice(true)"), "{code}");
        let thread = quote!(
            fn works() {}
        );
        let code = sim_test(quote!(), thread.clone());
        assert!(!code.to_string().contains("Builder"), "a thread is no runtime: {code}");
        let code = sim_test(quote!(seeds = 3, exhaustive = 2), thread);
        assert!(code.to_string().replace(' ', "").contains(".exhaustive(2).seeds(3)"), "{code}");
    }

    #[test]
    fn seeds_are_for_the_simulation() {
        let wrong = [
            (quote!(seeds = 3), "sim::test"),
            (quote!(seeds = 0), "at least 1"),
            (quote!(twice = true), "sim::test"),
            (quote!(exhaustive = 1), "sim::test"),
        ];
        for (arguments, text) in wrong {
            let item = quote!(
                async fn main() {}
            );
            let code = main(arguments, item).to_string();
            assert!(code.contains("compile_error") && code.contains(text), "{code}");
        }
    }

    #[test]
    fn the_crate_may_be_named() {
        let item = quote!(
            async fn main() {}
        );
        let code = main(quote!(crate = "mine::heist", driver = "poll"), item).to_string().replace(' ', "");
        assert!(code.contains("mine::heist::runtime::Builder::new_multi_thread()"), "{code}");
        assert!(code.contains(".driver(mine::heist::runtime::DriverKind::Poll)"), "{code}");
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = [
            (
                quote!(),
                quote!(
                    fn main() {}
                ),
                "async fn",
            ),
            (
                quote!(worker_threads = 0),
                quote!(
                    async fn main() {}
                ),
                "at least 1",
            ),
            (
                quote!(flavour = "x"),
                quote!(
                    async fn main() {}
                ),
                "unknown option",
            ),
            (
                quote!(driver = "epoll"),
                quote!(
                    async fn main() {}
                ),
                "unknown driver",
            ),
            (
                quote!(flavor = "current_thread", worker_threads = 2),
                quote!(
                    async fn main() {}
                ),
                "one worker",
            ),
            (
                quote!(start_paused = true),
                quote!(
                    async fn main() {}
                ),
                "current_thread flavor",
            ),
            (
                quote!(crate = "not a path"),
                quote!(
                    async fn main() {}
                ),
                "names the path of heist",
            ),
        ];
        for (arguments, item, text) in wrong {
            let code = main(arguments, item).to_string();
            assert!(code.contains("compile_error") && code.contains(text), "{code}");
        }
    }
}
