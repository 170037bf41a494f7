//! Whether a test means a function by a name.

/// Whether `path`, as the compiler calls a function, is `name` or ends in it: `shop::Cart::pay` is `pay`, `Cart::pay` and
/// itself, and `<shop::Cart<u8> as shop::Pay>::pay` is also `Pay::pay`.
pub(super) fn ends_in(path: &str, name: &str) -> bool {
    if path == name {
        return true;
    }
    match of_an_impl(path) {
        Some((of, method)) => of.into_iter().any(|of| is_end(&(plain(of) + &plain(method)), name)),
        None => is_end(&plain(path), name),
    }
}

fn is_end(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with("::"))
}

/// `<A as B>::method` as `[A, B]` and `::method`. An `impl` that stands in the module of neither, as it may for any trait
/// of another crate, is called `module::<impl B for A>::method`, and `module::<impl A>::method` without a trait.
fn of_an_impl(path: &str) -> Option<(Vec<&str>, &str)> {
    let (inside, between) = match path.strip_prefix('<') {
        Some(inside) => (inside, " as "),
        None => (path.split_once("::<impl ")?.1, " for "),
    };
    let end = depths(inside).find_map(|(at, depth)| (depth < 0).then_some(at))?;
    let (own, method) = inside.split_at(end);
    let middle = depths(own).find_map(|(at, depth)| (depth == 0 && own[at..].starts_with(between)).then_some(at));
    let of = middle.map_or_else(|| vec![own], |middle| vec![&own[..middle], &own[middle + between.len()..]]);
    Some((of, &method[1..]))
}

/// Without the arguments of generic types and functions.
fn plain(path: &str) -> String {
    let outside = depths(path).filter(|&(_, depth)| depth == 0).filter_map(|(at, _)| path[at..].chars().next());
    outside.filter(|&c| c != '>').collect()
}

/// Where each character stands, and in how many `<>`, those that begin or end there included. An arrow ends none.
fn depths(path: &str) -> impl Iterator<Item = (usize, i32)> {
    let (mut depth, mut before) = (0, ' ');
    path.char_indices().map(move |(at, c)| {
        match c {
            '<' => depth += 1,
            '>' if before != '-' => depth -= 1,
            _ => {}
        }
        before = c;
        (at, depth)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_called_by_the_end_of_its_path() {
        for (path, names, others) in [
            ("shop::pay", &["pay", "shop::pay"][..], &["ay", "hop::pay", "shop", "", "::pay", "Cart::pay"][..]),
            ("shop::Cart::pay", &["pay", "Cart::pay", "shop::Cart::pay"], &["shop::pay"]),
            ("shop::Cart<alloc::vec::Vec<u8>>::pay", &["pay", "Cart::pay", "shop::Cart::pay"], &["u8"]),
            (
                "<shop::Cart<u8> as shop::Pay<app::Money>>::pay",
                &["pay", "Cart::pay", "Pay::pay", "shop::Pay::pay", "<shop::Cart<u8> as shop::Pay<app::Money>>::pay"],
                &["Money::pay", "u8"],
            ),
            (
                "shop::elsewhere::<impl shop::Pay<app::Money> for shop::Cart<fn(u8) -> u8>>::pay",
                &["pay", "Cart::pay", "shop::Cart::pay", "Pay::pay"],
                &["Money::pay", "u8", "elsewhere::pay"],
            ),
            // Of `#[async_trait]`: lifetimes are parameters of the function.
            ("<shop::Cart as shop::Pay>::pay<'_, '_>", &["pay", "Cart::pay", "shop::Pay::pay"], &["_"]),
            ("shop::Cart<u8>::pay<alloc::vec::Vec<u8>>", &["pay", "Cart::pay"], &["u8"]),
            ("shop::elsewhere::<impl shop::Cart<u8>>::pay", &["pay", "Cart::pay"], &["u8"]),
            ("<shop::Cart<fn() -> u8> as shop::Pay>::pay", &["pay", "Cart::pay", "Pay::pay"], &["u8"]),
            ("payments", &["payments"], &["pay", "ments"]),
        ] {
            for name in names {
                assert!(ends_in(path, name), "{path} is {name}");
            }
            for name in others {
                assert!(!ends_in(path, name), "{path} is not {name}");
            }
        }
    }
}
