//! `attempt! { .. }`: a block that catches `?`, until `try` blocks are stable.
//!
//! It becomes a labelled block, and each `?` in it becomes a `break` with the error. `return` still
//! leaves the body around it, and so does an unlabelled `break` or `continue`. For those the loop
//! around the block gets a label, because a labelled block would refuse them without one.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::parse::Parser;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, Expr, ExprMacro, ExprTry, Item, Label, Lifetime, Macro, Stmt};

use crate::body::parse_body;

/// Expands `attempt!` as a macro of its own, outside of generator bodies.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut attempts = Attempts::default();
    attempts.lower_block(input, &[]).into_token_stream()
}

/// Lowers every `attempt!` of a generator body.
pub(crate) fn lower(statements: &mut [Stmt]) {
    let mut attempts = Attempts::default();
    for statement in statements {
        attempts.visit_stmt_mut(statement);
    }
}

/// A loop around the present expression, and how many attempts were open where it began.
struct Loop {
    label: Option<Lifetime>,
    is_named_here: bool,
    attempts_outside: usize,
}

/// Walks through a body, and knows which attempts and loops are around the present expression.
#[derive(Default)]
struct Attempts {
    open: Vec<Lifetime>,
    loops: Vec<Loop>,
    names_count: usize,
}

impl Attempts {
    fn name(&mut self, kind: &str) -> Lifetime {
        self.names_count += 1;
        Lifetime::new(&format!("'__{kind}{}", self.names_count), Span::mixed_site())
    }

    fn lower_block(&mut self, tokens: TokenStream, attributes: &[Attribute]) -> Expr {
        let (inner, statements) = match parse_body.parse2(tokens) {
            Ok(parsed) => parsed,
            Err(error) => return Expr::Verbatim(error.to_compile_error()),
        };
        let mut block = Block { brace_token: syn::token::Brace::default(), stmts: statements };
        let label = self.name("attempt");
        self.open.push(label.clone());
        self.visit_block_mut(&mut block);
        self.open.pop();
        syn::parse_quote! {
            #(#attributes)*
            #label: {
                #(#inner)*
                #[allow(clippy::let_unit_value)]
                let value = #block;
                #[allow(unreachable_code)]
                ::core::result::Result::Ok(value)
            }
        }
    }

    /// Returns the label of the loop that an unlabelled `break` or `continue` refers to, if an
    /// attempt stands between the two.
    fn label_of_loop(&mut self) -> Option<Lifetime> {
        let is_inside =
            self.loops.last().is_some_and(|innermost| innermost.attempts_outside < self.open.len());
        if !is_inside {
            return None;
        }
        let fresh = self.name("loop");
        let innermost = self.loops.last_mut()?;
        if innermost.label.is_none() {
            innermost.label = Some(fresh);
            innermost.is_named_here = true;
        }
        innermost.label.clone()
    }

    /// Visits a loop's body, and adds a label to the loop if something inside requested one.
    fn visit_loop(&mut self, label: &mut Option<Label>, body: &mut Block) {
        let known = label.as_ref().map(|label| label.name.clone());
        self.loops.push(Loop { label: known, is_named_here: false, attempts_outside: self.open.len() });
        self.visit_block_mut(body);
        let left = self.loops.pop();
        if let Some(Loop { label: Some(name), is_named_here: true, .. }) = left {
            *label = Some(Label { name, colon_token: syn::Token![:](Span::mixed_site()) });
        }
    }

    /// Lowers a `?` that stands in an attempt. The parentheses are needed, because without them
    /// `match yield t {` would be a struct literal, `break 'label ::path` a loop label, and a
    /// leading `match {} + 1` a statement.
    fn lower_question(&mut self, question: &ExprTry) -> Option<Expr> {
        let label = self.open.last()?;
        let ExprTry { attrs, expr: tried, .. } = question;
        Some(syn::parse_quote! {
            #(#attrs)*
            (match (#tried) {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(error) => {
                    break #label (::core::result::Result::Err(::core::convert::From::from(error)))
                }
            })
        })
    }
}

fn is_attempt(invocation: &Macro) -> bool {
    invocation.path.segments.last().is_some_and(|segment| segment.ident == "attempt")
}

impl VisitMut for Attempts {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Macro(invocation) if is_attempt(&invocation.mac) => {
                *expression = self.lower_block(invocation.mac.tokens.clone(), &invocation.attrs);
            }
            Expr::Try(question) => {
                self.visit_expr_mut(&mut question.expr);
                if let Some(lowered) = self.lower_question(question) {
                    *expression = lowered;
                }
            }
            Expr::Break(place) => {
                let is_bare = place.label.is_none();
                visit_mut::visit_expr_break_mut(self, place);
                if is_bare {
                    place.label = self.label_of_loop();
                }
            }
            Expr::Continue(place) if place.label.is_none() => place.label = self.label_of_loop(),
            Expr::Loop(repeat) => self.visit_loop(&mut repeat.label, &mut repeat.body),
            Expr::While(repeat) => {
                self.visit_expr_mut(&mut repeat.cond);
                self.visit_loop(&mut repeat.label, &mut repeat.body);
            }
            Expr::ForLoop(repeat) => {
                self.visit_expr_mut(&mut repeat.expr);
                self.visit_loop(&mut repeat.label, &mut repeat.body);
            }
            // `?`, `break` and `continue` in there belong to the nested function or closure.
            Expr::Closure(_) | Expr::Async(_) => {}
            _ => visit_mut::visit_expr_mut(self, expression),
        }
    }

    fn visit_stmt_mut(&mut self, statement: &mut Stmt) {
        if let Stmt::Macro(invocation) = statement {
            if is_attempt(&invocation.mac) {
                let (mac, semicolon) = (invocation.mac.clone(), invocation.semi_token);
                let mut expression = Expr::Macro(ExprMacro { attrs: invocation.attrs.clone(), mac });
                self.visit_expr_mut(&mut expression);
                *statement = Stmt::Expr(expression, semicolon);
                return;
            }
        }
        visit_mut::visit_stmt_mut(self, statement);
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
