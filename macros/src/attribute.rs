//! One call of an attribute, from its tokens to what stands in their place.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::collect::{self, Collected};
use crate::ctxt::Ctxt;
use crate::function::{Function, NoFunction};
use crate::kind::Kind;
use crate::resilient::{self, Named};
use crate::shape::{self, Shape};
use crate::stack::Stack;
use crate::{check, docs, expand};

/// Where anything is wrong, the function comes out as it was written, beside the errors: the rest of the crate still
/// finds it, and its body is still checked.
pub(crate) fn expand(kind: Kind, args: TokenStream, item: TokenStream) -> TokenStream {
    if collect::is_absorbed(&item) {
        return TokenStream::new();
    }
    if collect::is_reported(&args) {
        return item;
    }
    let ctxt = Ctxt::new();
    // Where the attribute stands, but as the user's own code: nothing is said of a macro in which the mistake would be.
    let span = item
        .clone()
        .into_iter()
        .next()
        .map_or_else(Span::call_site, |first| Span::call_site().resolved_at(first.span()));
    let mut function = match Function::parse(&ctxt, kind, item) {
        Ok(function) => function,
        Err(NoFunction { item, is_expression }) => {
            let errors = errors(ctxt);
            return if is_expression { quote!({ #errors #item }) } else { quote!(#errors #item) };
        }
    };
    let outermost = Collected::outermost(kind, span, args);
    if let Some(with_set) = resilient::expand(&ctxt, &outermost, &mut function) {
        let errors = errors(ctxt);
        return quote!(#errors #with_set);
    }
    let mut attributes = vec![outermost];
    attributes.extend(collect::take(&ctxt, &mut function.attributes));
    let uses = collect::uses(&attributes);
    let statements = function.statements();
    let plain = function.to_tokens(&quote!(#uses #statements));

    let named = Named::of(&function);
    for attribute in attributes.iter_mut().filter(|attribute| attribute.is_of_a_set) {
        attribute.args = named.resolve(core::mem::take(&mut attribute.args));
    }
    let shape = Shape::of(&ctxt, &function);
    if let Some(name) = shape.as_ref().and_then(|shape| shape.receiver.as_ref()) {
        for attribute in &mut attributes {
            attribute.args = shape::rename_self(core::mem::take(&mut attribute.args), name);
        }
    }
    let stack = Stack::read(&ctxt, span, attributes, Some(&function));
    if let Some(shape) = &shape {
        check::check(&ctxt, &stack, &function, shape);
    }
    let errors = errors(ctxt);
    match shape {
        Some(shape) if errors.is_empty() => {
            docs::append(&mut function.attributes, &stack);
            let body = expand::body(&stack, &mut function, shape);
            function.to_tokens(&quote!(#uses #body))
        }
        _ => quote!(#errors #plain),
    }
}

fn errors(ctxt: Ctxt) -> TokenStream {
    ctxt.check().err().map(|errors| errors.to_compile_error()).unwrap_or_default()
}
