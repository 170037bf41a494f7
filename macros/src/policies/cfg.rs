//! `#[cfg(..)]` on a set, which holds for all items that it becomes.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Meta, MetaList};

/// What of these attributes decides whether the set is there, to be put on the items beside the type.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<TokenStream> {
    let conditions = attributes.iter().filter_map(|attribute| condition(&attribute.meta));
    conditions.map(|condition| quote!(#[#condition])).collect()
}

fn condition(meta: &Meta) -> Option<TokenStream> {
    let Meta::List(MetaList { path, tokens, .. }) = meta else { return None };
    if path.is_ident("cfg") {
        return Some(meta.to_token_stream());
    }
    let conditions = if path.is_ident("cfg_attr") { of_cfg_attr(tokens.clone()) } else { None };
    conditions.map(|conditions| quote!(#path(#conditions)))
}

/// `cfg_attr(unix, doc = "..", cfg(x), cfg_attr(y, cfg(z), allow(w)))` without what is neither.
fn of_cfg_attr(tokens: TokenStream) -> Option<TokenStream> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let is_comma = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',');
    let mut parts = trees.split(is_comma).map(|part| part.iter().cloned().collect::<TokenStream>());
    let predicate = parts.next()?;
    let conditions: Vec<_> = parts.filter_map(|part| condition(&syn::parse2(part).ok()?)).collect();
    (!conditions.is_empty()).then(|| quote!(#predicate, #(#conditions),*))
}

#[cfg(test)]
mod tests {
    use super::*;

    use syn::parse::Parser;

    #[test]
    fn only_conditions_are_left() {
        for (attribute, left) in [
            ("#[cfg(unix)]", Some("#[cfg(unix)]")),
            ("#[doc = \"text\"]", None),
            ("#[allow(unused)]", None),
            ("#[cfg_attr(unix, unsafe(no_mangle), 1)]", None),
            ("#[cfg_attr(unix, derive(Debug), doc = \"a, b\")]", None),
            (
                "#[cfg_attr(all(a, b), derive(Debug, Clone), cfg(x, y), cfg_attr(z, allow(w), cfg(v)),)]",
                Some("#[cfg_attr(all(a, b), cfg(x, y), cfg_attr(z, cfg(v)))]"),
            ),
        ] {
            let parsed = Attribute::parse_outer.parse_str(attribute).unwrap();
            let expected = left.map(|left| left.parse::<TokenStream>().unwrap().to_string());
            let found = conditions(&parsed).first().map(ToString::to_string);
            assert_eq!(found, expected, "{attribute}");
        }
    }
}
