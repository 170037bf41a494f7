//! No input panics the attributes: valid ones are damaged at random, token by token. What comes out can be parsed, or
//! says what is wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use crate::kind::Kind;
use crate::{attribute, policies};

const ROUNDS: usize = 20;

const ARGUMENTS: [(Kind, &str); 20] = [
    (Kind::Retry, ""),
    (Kind::Retry, r#"attempts = 3, backoff = exponential("100ms", factor = 2.0), jitter = 0.5, max_delay = "1h30m""#),
    (Kind::Retry, r#"attempts = unlimited, max_duration = "1m", rejections(timeout, circuit_open), clone(order, b)"#),
    (Kind::Retry, "POLICY, on(Err(Error::Io(_)), Ok(v) if *v > 5), when = |e| e.is_timeout(), clone, on_retry = f"),
    (
        Kind::Retry,
        "retry_after(Err(E { wait, .. }) => *wait, _ => \"5s\"), ignore(Err(_) | Ok(0)), on_give_up = |_| ()",
    ),
    (
        Kind::CircuitBreaker,
        r#"failure_rate = 0.5, window = "30s", min_calls = 20, slow_call = "2s", slow_call_rate = 1"#,
    ),
    (Kind::CircuitBreaker, r#"failure_threshold = 5, reset_timeout = "30s", max_reset_timeout = "1h", max_probes = 2"#),
    (Kind::CircuitBreaker, "key = (host, self.port), max_keys = 10, abandoned = failure, on_state_change = |c| log(c)"),
    (Kind::CircuitBreaker, r#"self.breaker, key = host, error = Error::from, name = "x", docs = false"#),
    (
        Kind::Bulkhead,
        r#"max_concurrent = 10, max_wait = "1s", max_queue = 20, key = (a, b), max_keys = 5, clone(order)"#,
    ),
    (Kind::Bulkhead, "self.places, key = host, error = Error::from, docs = false"),
    (Kind::Timeout, r#""1.5s", name = "t", error = |r| E(r), crate = ::a::b"#),
    (
        Kind::Timeout,
        r#"percentile(0.99, factor = 2.0, min = "50ms", max = "5s", window = W, min_calls = 9), name = "t""#,
    ),
    (Kind::Timeout, "Duration::from_secs(self.seconds * 2)"),
    (Kind::Hedge, r#"after = "50ms", attempts = 3, budget = BUDGET, clone(order, b), on(Err(_)), name = "x""#),
    (Kind::Hedge, r#"after = percentile(0.95, factor = 1.5, max = "1s", window = W), attempts = 2, clone"#),
    (Kind::Hedge, "after = self.late, attempts = n, when = |e| e.is_timeout(), retry_after = f, clone, docs = false"),
    (Kind::Fallback, "|failure: Failure<R>| match failure { Failure::Returned(r) => r, _ => Ok(1) }, on(None)"),
    (Kind::Fallback, "cached(&order).await?, when = |e| true, clone(order)"),
    (Kind::Outcome, "on(Err(_)), ignore(Ok(1..=5)), when = f, retry_after = |e| e.after(), error = Error::from"),
];

const ITEMS: [&str; 9] = [
    "async fn f(&mut self, mut order: String, b: &mut Vec<u8>) -> Result<u32, Error> { order.push('x'); g(order)?.await }",
    "pub(crate) fn f<'a, T: Ord>((a, b): (u8, &'a T), order: T) -> Result<impl Sized + 'a, E> where T: Copy { h(a) }",
    "#[timeout(\"2s\")] #[inline] #[retry(attempts = 2)] /// Docs.\n async fn f(self: Arc<Self>) -> io::Result<()> { Ok(()) }",
    "#[fallback(Ok(1))] #[outcome(on(Err(_)))] #[a::circuit_breaker] unsafe extern \"C\" fn f() -> Option<u8> { None }",
    "fn f(x: &str) -> impl Future<Output = Result<u8, E>> + Send + '_ { let y = x; async move { g(y).await } }",
    "fn f(&self) -> Pin<Box<dyn Future<Output = R> + Send + '_>> { Box::pin(async move { let __self = self; \
     let __ret: R = { __self.g().await }; #[allow(unreachable_code)] __ret }) }",
    "impl<T> Client<T> { fn f(&self) -> u8 { 1 } }",
    "#[derive(Debug)] struct S { a: u8 }",
    "trait T { #[retry] async fn f(&self) -> Result<(), E>; }",
];

/// Numbers that look random and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap()
    }
}

/// Tokens with one change, at any depth.
fn damaged(tokens: TokenStream, random: &mut Random) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    let at = random.below(trees.len());
    if let Some(TokenTree::Group(group)) = trees.get(at)
        && random.below(4) > 0
    {
        let delimiter = match random.below(8) {
            0 => Delimiter::Brace,
            1 => Delimiter::Parenthesis,
            2 => Delimiter::None,
            _ => group.delimiter(),
        };
        trees[at] = Group::new(delimiter, damaged(group.stream(), random)).into();
        return trees.into_iter().collect();
    }
    match random.below(5) {
        _ if trees.is_empty() => {}
        0 => {
            trees.remove(at);
        }
        1 => trees.insert(at, trees[at].clone()),
        2 => {
            let other = random.below(trees.len());
            trees.swap(at, other);
        }
        3 => trees.truncate(at),
        _ => {
            let words: Vec<TokenTree> =
                quote!(= , ; self 0 -1 "" "99999999999d" on clone 'x || => .. ? () async #).into_iter().collect();
            let word = random.below(words.len());
            trees.insert(at, words[word].clone());
        }
    }
    trees.into_iter().collect()
}

fn expands(kind: Kind, args: &TokenStream, item: &TokenStream) {
    let shown = format!("#[{}({args})] {item}", kind.name());
    let result = catch_unwind(AssertUnwindSafe(|| attribute::expand(kind, args.clone(), item.clone())));
    let output = result.unwrap_or_else(|_| panic!("a panic at {shown}"));
    // The compiler gives an attribute nothing else.
    let is_item = syn::parse2::<syn::Item>(item.clone()).is_ok();
    let says_why = output.to_string().contains("compile_error");
    assert!(!is_item || says_why || syn::parse2::<syn::File>(output).is_ok(), "neither code nor a message at {shown}");
}

#[test]
fn damaged_arguments() {
    let mut random = Random(1);
    for (kind, args) in ARGUMENTS {
        let args: TokenStream = args.parse().unwrap();
        for item in ITEMS {
            let item: TokenStream = item.parse().unwrap();
            expands(kind, &args, &item);
            for _ in 0..ROUNDS {
                let mut args = args.clone();
                for _ in 0..=random.below(3) {
                    args = damaged(args, &mut random);
                    expands(kind, &args, &item);
                }
            }
        }
    }
}

#[test]
fn damaged_sets() {
    let mut random = Random(3);
    let set = "crate = a::b; /// Docs.\n pub(crate) set: [retry(attempts = 2, clone(a)), own bulkhead(max_concurrent = 1), \
               circuit_breaker(key = $crate::host(x), on(Err(_)), name = \"x\"), outcome(on(Ok(1))), timeout(\"1s\")]; \
               pub other: [fallback(|e| Err(e)), rate_limit(permits = 1)]";
    let set: TokenStream = set.parse().unwrap();
    for _ in 0..ROUNDS * 20 {
        let mut set = set.clone();
        for _ in 0..=random.below(4) {
            set = damaged(set, &mut random);
            let text = set.to_string();
            let expanded = catch_unwind(AssertUnwindSafe(|| policies::expand(set.clone())));
            let expanded = expanded.unwrap_or_else(|_| panic!("panicked: {text}"));
            assert!(syn::parse2::<syn::File>(expanded).is_ok() || text.contains('$'), "{text}");
        }
    }
}

#[test]
fn damaged_items() {
    let mut random = Random(2);
    for (kind, args) in ARGUMENTS {
        let args: TokenStream = args.parse().unwrap();
        for item in ITEMS {
            let item: TokenStream = item.parse().unwrap();
            for _ in 0..ROUNDS {
                let mut item = item.clone();
                for _ in 0..=random.below(3) {
                    item = damaged(item, &mut random);
                    expands(kind, &args, &item);
                }
            }
        }
    }
}
