//! Finds heist from the crate that is being compiled.
//!
//! An attribute does not receive the path that it was called by. But it runs in the compiler's
//! process, and the compiler's arguments name each dependency and its file:
//! `--extern rt=…/libheist-0123.rlib`.
//!
//! # Rejected
//! - 2026-11-29, `proc-macro-crate`: it adds eight crates for every user of heist and one `cargo`
//!   process per crate that has a `main`, and it does not know build dependencies. It tries to find
//!   out what the compiler's arguments contain.

use std::path::Path;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// Returns the path of heist: its name among the dependencies, or the `heist` in scope if it is
/// none of them.
pub(crate) fn find() -> TokenStream {
    path_of(&dependencies(std::env::args()))
}

fn path_of(dependencies: &[String]) -> TokenStream {
    let names: Vec<&str> = dependencies.iter().filter_map(|one| name_of_heist(one)).collect();
    if names.contains(&"heist") || dependencies.is_empty() {
        // The usual name if there is no list, because an editor's server runs the macros in a
        // process of its own.
        return quote!(::heist);
    }
    match names.first() {
        Some(name) => {
            let name = Ident::new(name, Span::call_site());
            quote!(::#name)
        }
        None => quote!(heist),
    }
}

/// Returns the values of `--extern`, also from the argument files that replace a command line that
/// would be too long.
fn dependencies(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut expanded = Vec::new();
    for argument in arguments {
        match argument.strip_prefix('@').map(std::fs::read_to_string) {
            Some(Ok(text)) => expanded.extend(text.lines().map(String::from)),
            _ => expanded.push(argument),
        }
    }
    let mut found = Vec::new();
    let mut arguments = expanded.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "--extern" {
            found.extend(arguments.next());
        } else if let Some(value) = argument.strip_prefix("--extern=") {
            found.push(value.to_string());
        }
    }
    found
}

/// Returns the name in `[options:]name=path`, if the file is heist's.
fn name_of_heist(dependency: &str) -> Option<&str> {
    let (name, path) = dependency.split_once('=')?;
    let file = Path::new(path).file_stem()?.to_str()?;
    let file = file.strip_prefix("lib").unwrap_or(file);
    let crate_name = file.split_once('-').map_or(file, |(crate_name, _hash)| crate_name);
    (crate_name == "heist").then(|| name.rsplit_once(':').map_or(name, |(_options, name)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(arguments: &[&str]) -> String {
        let arguments = arguments.iter().map(|one| (*one).to_string());
        path_of(&dependencies(arguments)).to_string().replace(' ', "")
    }

    #[test]
    fn the_name_is_the_one_that_the_compiler_was_given() {
        assert_eq!(found(&["rustc", "--extern", "rt=/t/libheist-01ab.rmeta"]), "::rt");
        assert_eq!(found(&["rustc", "--extern=priv,noprelude:rt=/t/libheist.rlib"]), "::rt");
        assert_eq!(found(&["rustc", "--extern", "priv:rt=/t/libheist-01ab.rlib"]), "::rt");
    }

    #[test]
    fn the_usual_name_comes_first() {
        let both = ["rustc", "--extern", "rt=/a/libheist-1.rlib", "--extern", "heist=/b/libheist-2.rlib"];
        assert_eq!(found(&both), "::heist");
        assert_eq!(found(&["editor"]), "::heist");
    }

    #[test]
    fn a_crate_with_a_similar_name_is_another() {
        let others =
            ["--extern", "heist_macros=/t/libheist_macros-1.so", "--extern", "a=/heist-1/liba-2.rlib"];
        assert_eq!(found(&others), "heist");
    }

    #[test]
    fn arguments_may_stand_in_a_file() {
        let file = std::env::temp_dir().join(format!("heist-macros-arguments-{}", std::process::id()));
        std::fs::write(&file, "--extern\nrt=/t/libheist-1.rlib\n").unwrap();
        let name = found(&["rustc", &format!("@{}", file.display())]);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(name, "::rt");
    }
}
