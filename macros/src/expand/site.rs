//! Who the body is, for tests that put a fault in its place. The runtime decides by its feature `testing` what comes of
//! it.
//!
//! ```text
//! site!(Result<Row, Error>, "payments")        #[retry(name = "payments")] fn f() -> Result<Row, Error>
//! site!(errors: Result<&Row, Error>)           what borrows cannot be made by a test, but the error can
//! site!(Result<Arc<Row>, Error> [Row;])        `Row` may be a parameter of the `impl`: the runtime asks that of the type
//! site!()                                      fn f() -> impl Iterator<Item = Row>
//! ```

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::visit::{self, Visit};
use syn::{
    GenericArgument, Generics, Lifetime, Macro, Path, PathArguments, PathSegment, Type, TypeInfer, TypePath,
    TypeReference,
};

use super::{Expand, site};

impl Expand<'_> {
    /// Who the body is.
    pub(super) fn site(&self) -> TokenStream {
        let (root, output) = (self.root, self.output);
        let mut names: Vec<_> = self.stack.layers.iter().filter_map(|layer| layer.common.name.as_ref()).collect();
        let mut seen = Vec::new();
        names.retain(|name| {
            let is_new = !seen.contains(&name.value());
            seen.push(name.value());
            is_new
        });
        match self.makes {
            Makes::All => {
                let (value, error) = value_and_error(output);
                let (in_value, in_error) = (held(value), error.map(held).unwrap_or_default());
                let is_any = !(in_value.is_empty() && in_error.is_empty());
                let held = is_any.then(|| quote_spanned!(site()=> [#(#in_value),*; #(#in_error),*]));
                quote_spanned!(site()=> #root::__private::site!(#output #held #(, #names)*))
            }
            Makes::Errors => {
                let in_error = value_and_error(output).1.map(held).unwrap_or_default();
                let held = (!in_error.is_empty()).then(|| quote_spanned!(site()=> [#(#in_error),*]));
                quote_spanned!(site()=> #root::__private::site!(errors: #output #held #(, #names)*))
            }
            Makes::Nothing => quote_spanned!(site()=> #root::__private::site!(#(#names),*)),
        }
    }
}

/// What of a return type somebody outside of the function can make.
#[derive(Debug, PartialEq)]
pub(super) enum Makes {
    All,
    Errors,
    Nothing,
}

impl Makes {
    pub(super) fn of(output: &Type, generics: &Generics) -> Self {
        let is_bound = |ty: &Type| is_bound(ty, generics);
        if !is_bound(output) {
            return Self::All;
        }
        if has_error(output, is_bound) { Self::Errors } else { Self::Nothing }
    }
}

/// Whether it is a `Result` of which the error is not bound: `Result<_, Error>`, and `io::Result<_>`, an alias that has it.
fn has_error(output: &Type, is_bound: impl Fn(&Type) -> bool) -> bool {
    match result(output) {
        Some((_, error)) => !error.is_some_and(is_bound),
        None => false,
    }
}

/// What a `Result` is of, its error where it is not an alias that has it.
fn result(output: &Type) -> Option<(&Type, Option<&Type>)> {
    let path = match output {
        Type::Path(path) => &path.path,
        Type::Group(group) => return result(&group.elem),
        Type::Paren(paren) => return result(&paren.elem),
        _ => return None,
    };
    let PathArguments::AngleBracketed(arguments) =
        &path.segments.last().filter(|last| last.ident == "Result")?.arguments
    else {
        return None;
    };
    let mut arguments = arguments.args.iter();
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(value)), None, None) => Some((value, None)),
        (Some(GenericArgument::Type(value)), Some(GenericArgument::Type(error)), None) => Some((value, Some(error))),
        _ => None,
    }
}

/// What a `Result` is of; the whole of another type.
pub(crate) fn value_and_error(output: &Type) -> (&Type, Option<&Type>) {
    result(output).unwrap_or((output, None))
}

/// The types that stand in the arguments of a type, and might be parameters of an `impl` around the function: `Item` in
/// `Vec<Box<Item>>`, and not `u32` or `io::Error`. The whole type is not among them, since the runtime sees it anyway.
fn held(ty: &Type) -> Vec<&TypePath> {
    struct Held<'ast>(Vec<&'ast TypePath>);
    impl<'ast> Visit<'ast> for Held<'ast> {
        fn visit_type_path(&mut self, ty: &'ast TypePath) {
            let is_upper = |segment: &PathSegment| segment.ident.to_string().starts_with(char::is_uppercase);
            let has_arguments = ty.path.segments.iter().any(|segment| !segment.arguments.is_none());
            let may_be_one = ty.qself.is_some() || ty.path.segments.first().is_some_and(is_upper);
            if !has_arguments && may_be_one {
                self.0.push(ty);
            }
            visit::visit_type_path(self, ty);
        }
    }
    let mut held = Held(Vec::new());
    match ty {
        Type::Path(path) => visit::visit_type_path(&mut held, path),
        _ => held.visit_type(ty),
    }
    held.0
}

/// Whether a type has anything in it that is bound to a call, or may have: a lifetime, a `_` that only the body knows, a
/// macro, a type parameter. `Self` may be a type with a lifetime. Of the parameters of an `impl` nothing is known here but
/// how people call them; the runtime finds most others.
fn is_bound(ty: &Type, generics: &Generics) -> bool {
    struct Bound<'g> {
        generics: &'g Generics,
        is_bound: bool,
    }
    impl<'ast> Visit<'ast> for Bound<'_> {
        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            self.is_bound |= lifetime.ident != "static";
        }

        fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
            self.is_bound |= reference.lifetime.is_none();
            visit::visit_type_reference(self, reference);
        }

        fn visit_type_infer(&mut self, _: &'ast TypeInfer) {
            self.is_bound = true;
        }

        fn visit_macro(&mut self, _: &'ast Macro) {
            self.is_bound = true;
        }

        fn visit_path(&mut self, path: &'ast Path) {
            self.is_bound |= path.segments.first().is_some_and(|PathSegment { ident, .. }| {
                let is_of_the_function = self.generics.type_params().any(|parameter| parameter.ident == *ident);
                ident == "Self" || is_of_the_function || is_called_as_a_parameter(&ident.to_string())
            });
            visit::visit_path(self, path);
        }
    }
    let mut bound = Bound { generics, is_bound: matches!(ty, Type::Verbatim(_)) };
    bound.visit_type(ty);
    bound.is_bound
}

/// `T`, `K2`.
fn is_called_as_a_parameter(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use quote::ToTokens as _;

    use super::*;

    #[test]
    fn what_may_be_a_parameter_is_held() {
        for (ty, expected) in [
            ("Row", &[][..]),
            ("Vec<Box<Item>>", &["Item"]),
            ("Arc<HashMap<Key, Vec<Item>>>", &["Key", "Item"]),
            ("(Item, Box<Row>)", &["Item", "Row"]),
            ("Box<Item::Out>", &["Item :: Out"]),
            ("Box<<Item as Has>::Out>", &["< Item as Has > :: Out", "Item"]),
            ("Box<dyn Fn(Item) -> Row>", &["Item", "Row"]),
            ("Arc<[Item]>", &["Item"]),
            ("Vec<Box<u32>>", &[]),
            ("Box<io::Error>", &[]),
            ("Box<dyn Error + Send + Sync>", &[]),
        ] {
            let ty = syn::parse_str(ty).unwrap();
            let held: Vec<_> = held(&ty).iter().map(|held| held.to_token_stream().to_string()).collect();
            assert_eq!(held, expected);
        }
    }

    #[test]
    fn what_borrows_is_not_made() {
        let generics = syn::parse_quote!(<'a, Item>);
        for (output, makes) in [
            ("Result<Row, Error>", Makes::All),
            ("Result<&'static str, Box<dyn Error + Send + Sync>>", Makes::All),
            ("Option<u32>", Makes::All),
            ("()", Makes::All),
            ("Result<&str, Error>", Makes::Errors),
            ("Result<Row<'_>, Error>", Makes::Errors),
            ("Result<_, Error>", Makes::Errors),
            ("Result<Self, Error>", Makes::Errors),
            ("io::Result<&'a str>", Makes::Errors),
            ("Result<Row, Error<'a>>", Makes::Nothing),
            ("Result<Row, Self::Error>", Makes::Nothing),
            ("Result<Row, <Self as Client>::Error>", Makes::Nothing),
            ("Result<Row, error!()>", Makes::Nothing),
            ("Result<Arc<Item>, Error>", Makes::Errors),
            ("Result<Arc<T>, Error>", Makes::Errors),
            ("Result<T::Out, Error>", Makes::Errors),
            ("Result<Row, E2>", Makes::Nothing),
            ("Result<Row, OK>", Makes::All),
            ("IResult<&str, Row>", Makes::Nothing),
            ("Result<'a, Row>", Makes::Nothing),
            ("&str", Makes::Nothing),
            ("_", Makes::Nothing),
            ("Self", Makes::Nothing),
        ] {
            assert_eq!(Makes::of(&syn::parse_str(output).unwrap(), &generics), makes, "{output}");
        }
    }
}
