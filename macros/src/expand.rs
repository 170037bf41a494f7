//! The stack as code: a flat column, the innermost policy first, so that it reads upwards like the list of attributes.
//!
//! ```text
//! #[fallback(Ok(Row::default()))]                let mut retry = retry({ static RETRY: Retry = ..; &RETRY });
//! #[retry(attempts = 5)]                         let outcome = loop {
//! #[timeout("1s")]                                   let call = SITE.call(async { BODY });
//! async fn fetch(..) -> Result<Row, E> { BODY }      let call = timeout({ static TIMEOUT: ..; &TIMEOUT }).around(call);
//!                                                    let delay = {
//!                                                        let outcome = retry.attempt(call).await;
//!                                                        match retry.next(&outcome, CLASS) {
//!                                                            Some(delay) => delay,
//!                                                            None => break outcome,
//!                                                        }
//!                                                    };
//!                                                    delay.await;
//!                                                };
//!                                                if let Ok(value) = fallback(&FALLBACK, outcome, HANDLES) {
//!                                                    return value;
//!                                                }
//!                                                Ok(Row::default())
//! ```
//!
//! In a blocking function a call is a closure, `.await` is `()`, and the rest is the same.

mod convert;
mod site;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Lifetime, Type};

use self::convert::Converts;
use self::site::Makes;
pub(crate) use self::site::value_and_error;
use crate::args::fallback::{Fallback, Named};
use crate::args::retry::Retry;
use crate::emit::{Root, at};
use crate::function::Function;
use crate::policy::{Layer, Policy};
use crate::shape::Shape;
use crate::stack::Stack;

/// The statements of the function with the stack around them.
pub(crate) fn body(stack: &Stack, function: &mut Function, mut shape: Shape) -> TokenStream {
    let statements = core::mem::take(&mut shape.body);
    let makes = Makes::of(&shape.output, &function.signature.generics);
    let expand =
        Expand { stack, root: &stack.root, output: &shape.output, is_async: shape.is_async, statements, makes };
    let expanded = expand.function();
    function.take_mut_off(&stack.clones);
    shape.wrap(expanded)
}

struct Expand<'a> {
    stack: &'a Stack,
    root: &'a Root,
    output: &'a Type,
    is_async: bool,
    statements: TokenStream,
    /// What of the output a test can make.
    makes: Makes,
}

/// All names of the expansion are its own: a local of the user never meets them.
fn site() -> Span {
    Span::mixed_site()
}

impl Expand<'_> {
    fn function(&self) -> TokenStream {
        let root = self.root;
        let check = self.check_for_a_future();
        let classes = check.is_some() || self.stack.layers.iter().any(|layer| layer.judges(root, self.output));
        let classes = classes.then(|| quote_spanned!(site()=> use #root::__private::by_class::*;));
        let prelude = self.stack.layers.iter().map(|layer| layer.prelude(self.stack));
        let mark = self.stack.marks_answers().then(|| self.mark());
        // In an async function every argument is consumed. Here one of which the body has clones would be reported as
        // taken by value without need (clippy's `needless_pass_by_value`).
        let cloned = self.stack.clones.iter().filter(|_| !self.is_async);
        let consumed = cloned.map(|name| {
            let conditions = self.conditions(name);
            quote_spanned!(site()=> #(#conditions)* let #name = #name;)
        });
        let end = self.outer_end(&self.stack.layers);
        quote!(#classes #check #(#consumed)* #(#prelude)* #mark #end)
    }

    /// Where a fallback says that it has answered, for a stale one.
    fn mark(&self) -> TokenStream {
        let root = self.root;
        quote_spanned!(site()=> let answered = &#root::__private::Mark::new();)
    }

    /// A blocking function whose return type has an unknown name may return a future, whose body nobody would see.
    fn check_for_a_future(&self) -> Option<TokenStream> {
        const PLAIN: [&str; 8] = ["Result", "Option", "String", "Vec", "bool", "char", "usize", "Self"];
        let Type::Path(path) = self.output else { return None };
        let name = path.path.segments.last()?.ident.to_string();
        let is_number = name.starts_with(['u', 'i', 'f']) && name[1..].parse::<u8>().is_ok();
        if self.is_async || is_number || PLAIN.contains(&name.as_str()) {
            return None;
        }
        let output = self.output;
        let root = self.root.at(output.span());
        Some(quote_spanned!(at(output)=> let _ = |outcome: &#output| (&&#root::__private::Returns(outcome)).check();))
    }

    /// From the outcome to what the function returns.
    fn outer_end(&self, layers: &[Layer]) -> TokenStream {
        if let [Layer { policy: Policy::Fallback(fallback), .. }, beneath @ ..] = layers {
            let pass = |value| quote_spanned!(site()=> return #value);
            let otherwise = self.fall_back(&layers[0], fallback, beneath, pass);
            let answer = fallback.answer();
            // As the last expression, one without a value would be told to end in `;`, and `()` that it is not needed.
            let answer = if is_unit(self.output) { quote_spanned!(site()=> let () = #answer;) } else { answer };
            return quote!(#otherwise #answer);
        }
        let (statements, outcome) = self.outcome(layers);
        if let [Layer { policy: Policy::Retry(_), .. }, ..] = layers {
            let value = self.absorb(layers, &quote_spanned!(site()=> outcome));
            return quote_spanned!(site()=> #statements let outcome = #outcome; #value);
        }
        let value = self.absorb(layers, &outcome);
        quote!(#statements #value)
    }

    /// Statements that leave a call, not yet begun, in `call`.
    fn call(&self, layers: &[Layer]) -> TokenStream {
        let (statements, call) = self.call_expr(layers);
        quote_spanned!(site()=> #statements let call = #call;)
    }

    /// Statements, and the expression of a call that is not yet begun.
    fn call_expr(&self, layers: &[Layer]) -> (TokenStream, TokenStream) {
        let Some((layer, beneath)) = layers.split_first() else { return (TokenStream::new(), self.innermost()) };
        let Policy::Around(policy) = &layer.policy else {
            let (statements, outcome) = self.outcome(layers);
            return (TokenStream::new(), self.block(layer.span, &quote!(#statements #outcome)));
        };
        let around = policy.layer(layer, self.stack);
        let judges = policy.judges(layer, self.root, self.output).map(|judges| quote_spanned!(site()=> , #judges));
        if policy.repeats() && self.stack.marks_calls(layer) {
            let (statements, outcome) = self.outcome(beneath);
            let mark = self.mark();
            let call = quote_spanned!(site()=> #mark #statements let outcome = #outcome; answered.give(outcome));
            let call = self.block(layer.span, &call);
            let calls = quote_spanned!(layer.span=> || #call);
            let calls = quote_spanned!(site()=> let calls = #calls;);
            return (calls, quote_spanned!(site()=> #around.around_marked(answered, calls #judges)));
        }
        if policy.repeats() {
            let (statements, call) = self.call_expr(beneath);
            // In braces, so that all of it stands at the attribute. Not in its place among the arguments: of a closure that
            // is not yet known to be called more than once the compiler says which variable it gives away, and where.
            let calls = quote_spanned!(layer.span=> || { #statements #call });
            let calls = quote_spanned!(site()=> let calls = #calls;);
            return (calls, quote_spanned!(site()=> #around.around(calls #judges)));
        }
        let call = self.call(beneath);
        let around = if self.is_async {
            quote_spanned!(site()=> #around.around(call #judges))
        } else {
            quote_spanned!(site()=> || #around.run(call #judges))
        };
        (call, around)
    }

    /// Statements that run a call, and the expression of its outcome.
    fn outcome(&self, layers: &[Layer]) -> (TokenStream, TokenStream) {
        match layers {
            [layer @ Layer { policy: Policy::Retry(retry), .. }, beneath @ ..] => self.retry(layer, retry, beneath),
            [layer @ Layer { policy: Policy::Fallback(fallback), .. }, beneath @ ..] => {
                (TokenStream::new(), self.inner_fallback(layer, fallback, beneath))
            }
            _ => (self.call(layers), self.run(&quote_spanned!(site()=> call))),
        }
    }

    fn run(&self, call: &TokenStream) -> TokenStream {
        if self.is_async { quote_spanned!(site()=> #call.await) } else { quote_spanned!(site()=> #call()) }
    }

    fn retry(&self, layer: &Layer, retry: &Retry, beneath: &[Layer]) -> (TokenStream, TokenStream) {
        let root = self.root;
        let machine = retry.machine(layer, self.stack);
        let call = self.call(beneath);
        let next = retry.next(&layer.filter.class(root, self.output));
        let (attempt, wait) = if self.is_async {
            (quote_spanned!(site()=> retry.attempt(call).await), quote_spanned!(site()=> delay.await))
        } else {
            (quote_spanned!(site()=> retry.run(call)), quote_spanned!(site()=> delay.block()))
        };
        // Built once, before the outermost loop: a closure made in the loop could not lend out what it captured twice.
        let first = self.stack.layers.iter().find(|layer| layer.repeats()).map(|layer| layer.number);
        let body = (!self.is_async && first == Some(layer.number)).then(|| self.repeatable_body());
        // At the attribute, where the compiler points when the body consumes an argument on its first attempt.
        let repeat = quote_spanned!(site().located_at(layer.span)=> loop);
        let before = quote_spanned!(site()=> let mut retry = #machine; #body);
        let attempts = quote_spanned!(site()=>
            #repeat {
                #call
                let delay = {
                    let outcome = #attempt;
                    match #next {
                        ::core::option::Option::Some(delay) => delay,
                        ::core::option::Option::None => break outcome,
                    }
                };
                #wait;
            }
        );
        (before, attempts)
    }

    /// A fallback beneath other policies: its answer is an outcome to them.
    fn inner_fallback(&self, layer: &Layer, fallback: &Fallback, beneath: &[Layer]) -> TokenStream {
        let (root, output) = (self.root, self.output);
        let label = Lifetime::new(&format!("'{}", layer.variable("handled", self.stack)), site());
        let pass = |value| quote_spanned!(site()=> break #label #root::__private::answered(#value));
        let otherwise = self.fall_back(layer, fallback, beneath, pass);
        let answer = fallback.answer();
        let answer = if self.is_async {
            let anchor = self.anchor();
            quote_spanned!(site()=> #root::__private::call(async { #anchor #answer }).await)
        } else {
            quote_spanned!(site()=> #root::__private::answer(|| -> #output { #answer }))
        };
        let is_stale_above = self.stack.layers.iter().any(|above| above.number < layer.number && above.is_stale());
        let (begin, answers) = if is_stale_above {
            (quote_spanned!(site()=> answered.begin();), quote_spanned!(site()=> answered.answers();))
        } else {
            (TokenStream::new(), TokenStream::new())
        };
        quote_spanned!(site()=> #label: { #begin #otherwise #answers #answer })
    }

    /// Runs what is beneath and gives back its value, unless that is a failure, which then has the user's name for it.
    fn fall_back(
        &self,
        layer: &Layer,
        fallback: &Fallback,
        beneath: &[Layer],
        pass: impl FnOnce(TokenStream) -> TokenStream,
    ) -> TokenStream {
        let (root, output) = (self.root, self.output);
        let (statements, outcome) = self.outcome(beneath);
        let run = if statements.is_empty() {
            quote_spanned!(site()=> let outcome = #outcome;)
        } else {
            // A block, so that what the call was made of is gone before the answer.
            quote_spanned!(site()=> let outcome = { #statements #outcome };)
        };
        let handles = layer.filter.handles(root, output);
        let policy = Fallback::policy(layer, self.stack);
        let pass = pass(quote_spanned!(site()=> value));
        let ok = quote_spanned!(site()=> ::core::result::Result::Ok(value));
        match &fallback.failure {
            Named::No => quote_spanned!(site()=>
                #run
                if let #ok = #root::__private::fallback(#policy, outcome, #handles) {
                    #pass;
                }
            ),
            Named::Failure(pat) => {
                // At the name, where the compiler points when its type is another.
                let named = quote_spanned!(at(pat)=> ::core::result::Result::Err(failure) => failure,);
                quote_spanned!(site()=>
                    #run
                    let #pat = match #root::__private::fallback(#policy, outcome, #handles) {
                        #ok => #pass,
                        #named
                    };
                )
            }
            Named::Error(pat) => {
                let named = quote_spanned!(at(pat)=> ::core::result::Result::Err(error) => error,);
                // At the return type, where the compiler points when its error cannot hold a rejection.
                let error = quote_spanned!(output.span()=> _);
                let fallback = match self.converts(beneath) {
                    Converts::Nothing => {
                        quote_spanned!(site()=> fallback_returned_error::<#output, _>(#policy, outcome, #handles))
                    }
                    Converts::ByFrom => {
                        quote_spanned!(site()=> fallback_error::<#output, #error>(#policy, outcome, #handles))
                    }
                    Converts::By(f) => {
                        quote_spanned!(site()=> fallback_error_with::<#output, _, _>(#policy, outcome, #handles, #f))
                    }
                };
                quote_spanned!(site()=>
                    #run
                    let #pat = match #root::__private::#fallback {
                        #ok => #pass,
                        #named
                    };
                )
            }
        }
    }

    /// The user's own code.
    fn innermost(&self) -> TokenStream {
        if self.is_async {
            let (site_of, block) = (self.site(), self.async_block());
            return quote_spanned!(site()=> #site_of.call(#block));
        }
        if self.stack.repeats() {
            return quote_spanned!(site()=> &mut body);
        }
        let (site_of, capture, closure) = (self.site(), self.capture(), self.closure());
        quote_spanned!(site()=> #site_of.once(#capture #closure))
    }

    fn async_block(&self) -> TokenStream {
        let (anchor, clones, statements, capture) = (self.anchor(), self.clones(), &self.statements, self.capture());
        let span = self.innermost_repeat().map_or_else(site, |layer| layer.span);
        let open = quote_spanned!(span=> async #capture);
        quote_spanned!(site()=> #open { #anchor #clones #statements })
    }

    fn repeatable_body(&self) -> TokenStream {
        let (site_of, closure) = (self.site(), self.closure());
        quote_spanned!(site()=> let mut body = #site_of.repeatable(#closure);)
    }

    fn closure(&self) -> TokenStream {
        let (output, clones, statements) = (self.output, self.clones(), &self.statements);
        let repeat = self.innermost_repeat().map_or_else(site, |layer| layer.span);
        // In braces of the user's edition, which says when the temporaries of the last expression are dropped.
        let block = quote_spanned!(self.stack.span=> { #clones #statements });
        quote_spanned!(repeat=> || -> #output #block)
    }

    /// A call of several policies, as `async { .. }` or `|| { .. }`. The block stands where the user's attribute does, and
    /// not in its expansion: the compiler does not name a variable that a block in an expansion has moved.
    fn block(&self, span: Span, statements: &TokenStream) -> TokenStream {
        if self.is_async {
            quote_spanned!(span=> async { #statements })
        } else {
            quote_spanned!(span=> || { #statements })
        }
    }

    /// The only form in which `?` infers, `Ok(Box::new(x))` coerces to `Box<dyn T>`, and a type error lands on the
    /// user's own expression.
    fn anchor(&self) -> TokenStream {
        let output = self.output;
        quote_spanned!(site()=>
            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<#output> {
                return ret;
            }
        )
    }

    /// Each attempt gets its own, within its own block: filters and hooks see the arguments themselves.
    fn clones(&self) -> TokenStream {
        let names = &self.stack.clones;
        names
            .iter()
            .map(|name| {
                let argument = self.stack.arguments.iter().find(|argument| argument.name == *name);
                let mutability = argument.and_then(|argument| argument.mutability);
                let conditions = self.conditions(name);
                quote_spanned!(at(name)=> #(#conditions)* let #mutability #name = ::core::clone::Clone::clone(&#name);)
            })
            .collect()
    }

    fn conditions(&self, name: &Ident) -> &[TokenStream] {
        let argument = self.stack.arguments.iter().find(|argument| argument.name == *name);
        argument.map_or(&[], |argument| &argument.conditions)
    }

    /// What the body captures it moves, unless it runs again, or a policy names it as well.
    fn capture(&self) -> Option<TokenStream> {
        let named = |layer: &Layer| {
            let later = match &layer.policy {
                Policy::Around(policy) => policy.later(),
                Policy::Fallback(fallback) => fallback.answer(),
                Policy::Retry(_) => TokenStream::new(),
            };
            let (filter, error) = (&layer.filter, &layer.common.error);
            self.stack.mentions_argument(quote!(#later #filter #error))
        };
        let error_for_all = self.stack.error.to_token_stream();
        let shared =
            self.stack.repeats() || self.stack.layers.iter().any(named) || self.stack.mentions_argument(error_for_all);
        (!shared).then(|| quote_spanned!(site()=> move))
    }

    fn innermost_repeat(&self) -> Option<&Layer> {
        self.stack.layers.iter().rev().find(|layer| layer.repeats())
    }
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}
