//! Whether a test means a function by a name.

/// Whether `path`, as the compiler calls a function, is `name` or ends in it: `shop::Cart::pay` is `pay`, `Cart::pay` and
/// itself, and `<shop::Cart<u8> as shop::Pay>::pay` is also `Pay::pay`.
pub(super) fn ends_in(path: &str, name: &str) -> bool {
    if path == name {
        return true;
    }
    match of_a_trait(path) {
        Some((of, method)) => of.into_iter().any(|of| is_end(&(plain(of) + method), name)),
        None => is_end(&plain(path), name),
    }
}

fn is_end(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with("::"))
}

/// `<A as B>::method` as `[A, B]` and `::method`.
fn of_a_trait(path: &str) -> Option<([&str; 2], &str)> {
    let inside = path.strip_prefix('<')?;
    let mut depth = 1;
    let end = inside.char_indices().find_map(|(at, c)| {
        depth += step(c);
        (depth == 0).then_some(at)
    })?;
    let (own, method) = inside.split_at(end);
    let mut depth = 0;
    let middle = own.char_indices().find_map(|(at, c)| {
        depth += step(c);
        (depth == 0 && own[at..].starts_with(" as ")).then_some(at)
    })?;
    Some(([&own[..middle], &own[middle + " as ".len()..]], &method[1..]))
}

/// Without the arguments of generic types.
fn plain(path: &str) -> String {
    let mut depth = 0;
    path.chars()
        .filter(|&c| {
            let is_outside = depth == 0;
            depth += step(c);
            is_outside && depth == 0
        })
        .collect()
}

fn step(c: char) -> i32 {
    match c {
        '<' => 1,
        '>' => -1,
        _ => 0,
    }
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
