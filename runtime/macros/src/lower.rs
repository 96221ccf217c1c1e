//! Lowers each `yield` to an exchange through the airlock.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Expr, ExprAwait, ExprBreak, Item, Macro, Stmt};

use crate::body::{body_label, gate, private};
use crate::form::Flavour;
use crate::spelling::{self, YieldKind};

/// Lowers every `yield` of a body, also inside the arguments of other macros.
///
/// Attributes stay in front of the replacement of the expression that they stand on, and an error
/// replaces the expression that is wrong. So code that is configured out is removed, and wrong code
/// in it is no error.
pub(crate) fn lower(statements: &mut [Stmt], mut lowering: Lowering<'_>) {
    for statement in statements {
        lowering.visit_stmt_mut(statement);
    }
}

/// Facts about the body.
pub(crate) struct Lowering<'a> {
    pub(crate) flavour: &'a Flavour,
    /// The body certainly ends without a value.
    pub(crate) returns_nothing: bool,
}

/// Returns an error at the place of the code.
fn refusal(attributes: &[Attribute], span: Span, message: &str) -> TokenStream {
    let error = syn::Error::new(span, message).to_compile_error();
    quote!(#(#attributes)* #error)
}

/// Refuses a `yield` in a nested body, which cannot suspend the generator around it.
fn refusal_of_yields_in(tokens: TokenStream, place: &str) -> Option<TokenStream> {
    let span = spelling::find_yield(tokens.clone())?;
    let attributes = attributes_of.parse2(tokens).unwrap_or_default();
    let message = format!("`yield` cannot stand in {place}: it suspends the generator around it");
    Some(refusal(&attributes, span, &message))
}

fn attributes_of(input: ParseStream<'_>) -> syn::Result<Vec<Attribute>> {
    let attributes = input.call(Attribute::parse_outer)?;
    input.parse::<TokenStream>()?;
    Ok(attributes)
}

impl Lowering<'_> {
    /// Returns the lowered form of one `yield`.
    fn exchange(&mut self, place: &mut ExprBreak, kind: YieldKind) -> TokenStream {
        let span = Span::mixed_site().located_at(place.span());
        if let Some(operand) = &mut place.expr {
            self.visit_expr_mut(operand);
        }
        let operand = place.expr.as_ref().map(|operand| operand.to_token_stream());
        let lowered = match (kind, operand) {
            (YieldKind::Plain, operand) => {
                self.hand_out(span, operand.unwrap_or_else(|| quote_spanned!(place.span()=> ())))
            }
            (YieldKind::Global, operand) => self.hand_out(span, quote!(::#operand)),
            (YieldKind::From, Some(operand)) => self.delegate(span, operand),
            (YieldKind::From, None) => {
                let message = "`yield from` needs an operand: a generator, a stream or anything iterable";
                refusal(&[], place.span(), message)
            }
        };
        let attributes = &place.attrs;
        quote!(#(#attributes)* #lowered)
    }

    /// Lowers `yield operand`. The operand stands outside of every `unsafe` that we write, and its
    /// temporaries are dropped before the suspension. `offer` fixes the operand's type, so the
    /// compiler marks the operand if the type is wrong.
    fn hand_out(&self, span: Span, operand: TokenStream) -> TokenStream {
        let (direct, value, gate) = (proof_of_place(span), private("value"), gate());
        let exchange = self.suspend(span, quote!(#value));
        let answer = if self.flavour.is_coroutine {
            exchange
        } else {
            // A generator's `yield` is `()`, because the argument means no more than "go on".
            let home = &self.flavour.home;
            quote_spanned!(span=> { let #home::generator::Next = #exchange; })
        };
        quote_spanned!(span=> { #direct let #value = #gate.offer(#operand); #answer })
    }

    /// Stores the value for the driver, suspends, and takes the argument of the next resumption.
    fn suspend(&self, span: Span, value: TokenStream) -> TokenStream {
        let (gate, frame) = (gate(), private("frame"));
        if self.flavour.is_async {
            return quote_spanned! {span=> {
                unsafe { #gate.put(#value) }.await;
                unsafe { #gate.suspend() }.await
            }};
        }
        quote_spanned! {span=> {
            unsafe { #gate.put(#frame, #value) };
            #frame = unsafe { #gate.suspend() }.await;
            unsafe { #gate.take(#frame) }
        }}
    }

    /// Lowers `operand.await`, which is polled with the task's own context. It is one expression,
    /// so that its temporaries live as long as they would without the macro.
    fn wait(&self, span: Span, operand: TokenStream) -> TokenStream {
        let (direct, gate) = (proof_of_place(span), gate());
        quote_spanned! {span=> ({ #direct unsafe { #gate.waiter() } }).wait(#operand).await }
    }

    /// Lowers `yield from operand`. The loop stands in the body, so that each of its `yield`s does.
    fn delegate(&self, span: Span, operand: TokenStream) -> TokenStream {
        let (direct, gate, value) = (proof_of_place(span), gate(), private("value"));
        let (delegate, step, argument) = (private("delegate"), private("step"), private("argument"));
        let exchange = self.suspend(span, quote!(#value));
        let own = |step: TokenStream| if self.flavour.is_async { self.wait(span, step) } else { step };
        let first = own(quote_spanned!(span=> #gate.start(#delegate.as_mut())));
        let next = own(quote_spanned!(span=> #gate.resume(#delegate.as_mut(), #argument)));
        let traits = if self.flavour.is_async {
            quote!(
                AsyncViaResume as _,
                AsyncViaSync as _,
                AsyncViaPlain as _,
                ViaStream as _,
                AsyncViaIterator as _
            )
        } else {
            quote!(ViaResume as _, ViaPlain as _, ViaIterator as _)
        };
        let home = &self.flavour.home;
        quote_spanned! {span=> {
            #direct
            // A `match`, which `for` is lowered to as well: the operand's temporaries live as long
            // as the delegation.
            match #operand { #value => {
                let mut #delegate = ::core::pin::pin!({
                    #[allow(unused_imports)]
                    use #home::generator::expansion::{#traits};
                    let #value = #gate.via(#value);
                    (&&&&&#value).via()
                });
                let mut #step = #first;
                loop {
                    match #step {
                        #home::generator::Step::Yielded(#value) => {
                            let #argument = #exchange;
                            #step = #next;
                        }
                        #home::generator::Step::Returned(#value) => break #value,
                    }
                }
            } }
        }}
    }

    /// Lowers the `yield`s inside the tokens of a foreign macro, whose grammar is unknown.
    fn lower_tokens(&mut self, tokens: TokenStream) -> TokenStream {
        let mut out = TokenStream::new();
        let mut rest = tokens.into_iter();
        while let Some(token) = rest.next() {
            match token {
                TokenTree::Ident(word) if word == "break" && spelling::is_respelled(&mut rest.clone()) => {
                    let expression = std::iter::once(TokenTree::Ident(word)).chain(rest).collect();
                    out.extend(self.lower_expression_in(expression));
                    return out;
                }
                TokenTree::Ident(name) if spelling::is_own_body(&name) => {
                    out.extend([TokenTree::Ident(name)]);
                    if matches!(rest.clone().next(), Some(TokenTree::Punct(bang)) if bang.as_char() == '!') {
                        out.extend(rest.by_ref().take(2));
                    }
                }
                TokenTree::Group(group) => {
                    let mut inner = Group::new(group.delimiter(), self.lower_tokens(group.stream()));
                    inner.set_span(group.span());
                    out.extend([TokenTree::Group(inner)]);
                }
                token => out.extend([token]),
            }
        }
        out
    }

    /// Lowers the `yield` expression that the tokens begin with, and goes on after it.
    fn lower_expression_in(&mut self, tokens: TokenStream) -> TokenStream {
        let parser = |input: ParseStream<'_>| Ok((input.parse::<Expr>()?, input.parse::<TokenStream>()?));
        match parser.parse2(tokens) {
            Ok((mut expression, rest)) => {
                self.visit_expr_mut(&mut expression);
                let mut out = expression.into_token_stream();
                out.extend(self.lower_tokens(rest));
                out
            }
            Err(error) => error.to_compile_error(),
        }
    }
}

/// Returns code that compiles only if it stands directly in the body: a `break` to the body's label
/// cannot leave a closure, an async block or a constant (E0767). So no `yield` can get into one of
/// these, not even through another macro.
fn proof_of_place(span: Span) -> TokenStream {
    let label = body_label();
    quote_spanned! {span=>
        #[allow(unreachable_code, clippy::all)]
        if false { break #label (loop {}) }
    }
}

impl Lowering<'_> {
    fn lower_await(&mut self, wait: &mut ExprAwait) -> TokenStream {
        if !self.flavour.is_async {
            let message = "`.await` in a synchronous generator: use `async_generator!` or `async_coroutine!`";
            return refusal(&wait.attrs, wait.await_token.span(), message);
        }
        self.visit_expr_mut(&mut wait.base);
        let span = Span::mixed_site().located_at(wait.await_token.span());
        let (attributes, waiting) = (&wait.attrs, self.wait(span, wait.base.to_token_stream()));
        quote!(#(#attributes)* #waiting)
    }

    /// Returns the replacement of the expression, if it is one that this file lowers.
    fn lowered(&mut self, expression: &mut Expr) -> Option<TokenStream> {
        match expression {
            Expr::Break(place) => {
                let kind = place.label.as_ref().and_then(|label| YieldKind::of(&label.ident))?;
                Some(self.exchange(place, kind))
            }
            Expr::Await(wait) => Some(self.lower_await(wait)),
            Expr::Try(question) if self.returns_nothing => {
                let message = "`?` in a generator that returns nothing: write `, returns Result<(), ERROR>` after \
                               what it yields and `Ok(())` at the end, or catch the error with `attempt!`";
                Some(refusal(&question.attrs, question.question_token.span(), message))
            }
            Expr::Closure(closure) => refusal_of_yields_in(closure.to_token_stream(), "a closure"),
            Expr::Async(block) => refusal_of_yields_in(block.to_token_stream(), "an async block"),
            Expr::Const(block) => refusal_of_yields_in(block.to_token_stream(), "a constant"),
            _ => None,
        }
    }
}

impl VisitMut for Lowering<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Some(lowered) = self.lowered(expression) {
            *expression = Expr::Verbatim(lowered);
        } else if !matches!(expression, Expr::Closure(_) | Expr::Async(_) | Expr::Const(_)) {
            visit_mut::visit_expr_mut(self, expression);
        }
    }

    fn visit_macro_mut(&mut self, invocation: &mut Macro) {
        let own =
            invocation.path.segments.last().is_some_and(|segment| spelling::is_own_body(&segment.ident));
        if !own {
            invocation.tokens = self.lower_tokens(invocation.tokens.clone());
        }
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        if let Some(refused) = refusal_of_yields_in(item.to_token_stream(), "an item of its own") {
            *item = Item::Verbatim(refused);
        }
    }
}
