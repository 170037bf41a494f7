//! `on`, `ignore`, `when` and `retry_after`: which outcomes are failures, and what the server asks for.

mod arm;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::visit::{self, Visit};
use syn::{Expr, Ident, Type, TypeParamBound, TypeTraitObject};

use self::arm::{Arm, Head, arms, head};
use super::Args;
use crate::emit::{Root, at};
use crate::expand::value_and_error;

/// What one attribute says of outcomes.
#[derive(Clone, Default)]
pub(crate) struct Filter {
    pub(crate) on: Option<Vec<Arm>>,
    pub(crate) ignore: Option<Vec<Arm>>,
    pub(crate) when: Option<Expr>,
    pub(crate) hint: Option<Hint>,
}

#[derive(Clone)]
pub(crate) enum Hint {
    /// `retry_after = F`
    Function(Box<Expr>),
    /// `retry_after(ARM => EXPR, ..)`
    Arms(Vec<Arm>),
}

impl Filter {
    pub(crate) fn read(args: &mut Args<'_>) -> Self {
        let mut filter = Self::default();
        if !args.kind.facts().judges {
            return filter;
        }
        filter.on = args.list("on").map(|list| arms(args, list, false));
        filter.ignore = args.list("ignore").map(|list| arms(args, list, false));
        filter.when = args.expr("when").map(|(_, expr)| expr);
        if args.kind.takes("retry_after") {
            filter.hint = args.list_or_expr("retry_after").map(|(name, hint)| match hint {
                Err(function) => Hint::Function(Box::new(function)),
                Ok(list) => Hint::Arms(arms(args, (name, list), true)),
            });
        }
        filter
    }

    /// Adds what `#[outcome]` says for the whole stack. A policy's own argument wins, and its own word on errors wins
    /// over the other's, in whichever of the two arguments it stands.
    pub(crate) fn complete(&mut self, outcome: &Self, hint: bool) {
        let on_errors = self.narrows_by_pattern();
        let when_own = self.when.is_some();
        if self.on.is_none() {
            self.on.clone_from(&outcome.on);
            if when_own && let Some(arms) = &mut self.on {
                arms.retain(|arm| head(&arm.pat) != Head::Error);
            }
        }
        if self.when.is_none() && !on_errors {
            self.when.clone_from(&outcome.when);
        }
        if self.ignore.is_none() {
            self.ignore.clone_from(&outcome.ignore);
        }
        if hint && self.hint.is_none() {
            self.hint.clone_from(&outcome.hint);
        }
    }

    /// Whether it says anything of which outcomes are failures.
    pub(crate) fn is_empty(&self) -> bool {
        self.on.is_none() && self.ignore.is_none() && self.when.is_none()
    }

    /// Whether errors that it does not name are answers and no failures.
    pub(crate) fn narrows(&self) -> bool {
        self.when.is_some() || self.narrows_by_pattern()
    }

    fn narrows_by_pattern(&self) -> bool {
        self.on.iter().flatten().any(|arm| head(&arm.pat) != Head::Other)
    }

    /// Whether an `Ok` value may be a failure.
    pub(crate) fn picks_values(&self) -> bool {
        self.on.iter().flatten().any(|arm| head(&arm.pat) != Head::Error)
    }

    /// `|outcome: &R| ..`, which gives the class of an outcome, `None` for a success:
    ///
    /// ```text
    /// match outcome {
    ///     IGNORE => Some(Class::Neutral),
    ///     ON => Some(Class::TRANSIENT),
    ///     Err(error) => when(error, F),
    ///     outcome => (&&&Outcome(outcome)).class(),
    /// }
    /// ```
    pub(crate) fn class(&self, root: &Root, output: &Type) -> TokenStream {
        self.class_with(root, output, "Neutral")
    }

    /// As [`class`](Self::class) for a stale fallback, which lets an answer pass, and what is ignored, but handles an
    /// error that is neutral of itself.
    pub(crate) fn class_of_answers(&self, root: &Root, output: &Type) -> TokenStream {
        self.class_with(root, output, "Permanent")
    }

    fn class_with(&self, root: &Root, output: &Type, ignored: &str) -> TokenStream {
        let span = Span::mixed_site();
        let own = if self.narrows_by_pattern() && self.when.is_none() {
            quote_spanned!(span=> narrowed)
        } else {
            quote_spanned!(span=> class)
        };
        let ignored = Ident::new(ignored, span);
        let ignored = quote_spanned!(span=> ::core::option::Option::Some(#root::Class::#ignored));
        let transient = quote_spanned!(span=> ::core::option::Option::Some(#root::Class::TRANSIENT));
        let when = |f: &Expr| {
            let root = root.at(at(f));
            quote_spanned!(at(f)=> #root::__private::when(error, #f))
        };
        let class = self.decide(root, output, &ignored, &transient, when, &own);
        match &self.hint {
            None => quote_spanned!(span=> |outcome: &#output| #class),
            Some(hint) => {
                let hint = hint.tokens(root);
                quote_spanned!(span=> |outcome: &#output| #root::__private::hinted(#class, || #hint))
            }
        }
    }

    /// `|outcome: &R| ..`, which says whether a fallback handles an outcome.
    pub(crate) fn handles(&self, root: &Root, output: &Type) -> TokenStream {
        let span = Span::mixed_site();
        let own = if self.is_empty() { quote_spanned!(span=> is_error) } else { quote_spanned!(span=> failed) };
        let no = quote_spanned!(span=> false);
        let yes = quote_spanned!(span=> true);
        let when = |f: &Expr| {
            let root = root.at(at(f));
            quote_spanned!(at(f)=> #root::__private::holds(error, #f))
        };
        let handles = if self.narrows_by_pattern() && self.when.is_none() {
            let arms = self.arms(&no, &yes);
            quote_spanned!(span=> match outcome { #arms _ => false, })
        } else {
            self.decide(root, output, &no, &yes, when, &own)
        };
        quote_spanned!(span=> |outcome: &#output| #handles)
    }

    fn decide(
        &self,
        root: &Root,
        output: &Type,
        ignored: &TokenStream,
        on: &TokenStream,
        when: impl Fn(&Expr) -> TokenStream,
        own: &TokenStream,
    ) -> TokenStream {
        let span = Span::mixed_site();
        let own = if has_error_that_borrows(output) {
            quote_spanned!(span=> (&#root::__private::Outcome(outcome)).#own())
        } else {
            quote_spanned!(span=> (&&&#root::__private::Outcome(outcome)).#own())
        };
        if self.is_empty() {
            return own;
        }
        let arms = self.arms(ignored, on);
        let when = self.when.as_ref().map(|f| {
            let when = when(f);
            quote_spanned!(at(f)=> ::core::result::Result::Err(error) => #when,)
        });
        quote_spanned!(span=> match outcome { #arms #when outcome => #own, })
    }

    fn arms(&self, ignored: &TokenStream, on: &TokenStream) -> TokenStream {
        let ignored = self.ignore.iter().flatten().map(|arm| arm.tokens(ignored));
        let on = self.on.iter().flatten().map(|arm| arm.tokens(on));
        ignored.chain(on).collect()
    }
}

/// Whether the error is a `dyn Error + 'a`. Its causes cannot be looked at, which takes `'static`, and the method lookup of
/// the class does not see lifetimes: it would choose the rung of a `dyn Error` all the same, and then be an error. So that
/// rung, and what comes before it, is left out: it is transient.
fn has_error_that_borrows(output: &Type) -> bool {
    struct Borrows(bool);
    impl<'ast> Visit<'ast> for Borrows {
        fn visit_type_trait_object(&mut self, object: &'ast TypeTraitObject) {
            let is_error = |bound: &TypeParamBound| match bound {
                TypeParamBound::Trait(of) => of.path.segments.last().is_some_and(|last| last.ident == "Error"),
                _ => false,
            };
            let is_named = |bound: &TypeParamBound| match bound {
                TypeParamBound::Lifetime(lifetime) => lifetime.ident != "static" && lifetime.ident != "_",
                _ => false,
            };
            self.0 |= object.bounds.iter().any(is_error) && object.bounds.iter().any(is_named);
            visit::visit_type_trait_object(self, object);
        }
    }
    let mut borrows = Borrows(false);
    if let (_, Some(error)) = value_and_error(output) {
        borrows.visit_type(error);
    }
    borrows.0
}

impl ToTokens for Filter {
    /// Everything that the user wrote, to look for names in.
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for arm in self.on.iter().chain(&self.ignore).flatten() {
            arm.tokens(&TokenStream::new()).to_tokens(tokens);
        }
        self.when.to_tokens(tokens);
        match &self.hint {
            Some(Hint::Function(f)) => f.to_tokens(tokens),
            Some(Hint::Arms(arms)) => arms.iter().for_each(|arm| arm.value.to_tokens(tokens)),
            None => {}
        }
    }
}

impl Hint {
    fn tokens(&self, root: &Root) -> TokenStream {
        let span = Span::mixed_site();
        let arms: TokenStream = match self {
            Self::Function(f) => {
                let root = root.at(at(f));
                quote_spanned!(at(f)=> ::core::result::Result::Err(error) => #root::__private::hint_of(error, #f),)
            }
            Self::Arms(arms) => arms
                .iter()
                .map(|arm| {
                    let value = &arm.value;
                    let span = value.as_ref().map_or(span, |value| span.located_at(value.span()));
                    let root = root.at(span);
                    arm.tokens(&quote_spanned!(span=> #root::__private::hint(#value)))
                })
                .collect(),
        };
        quote_spanned!(span=> match outcome { #arms _ => ::core::option::Option::None, })
    }
}
