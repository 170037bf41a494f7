//! Damage to tokens, which leaves most of them as they are.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::Random;
use super::input::{read, write};
use crate::kind::Kind;

/// What stands, or might stand, in the arguments and in signatures.
const WORDS: &str = r##"
    = , ; : :: => == | || .. ..= ? ! # @ & && * - -> . $ 'a '_ 'x' _ {} () [] <T>
    0 1 -1 2 0.5 1.0 1e308 1e400 65537 4294967296 1u8 0b1f 1_000 99999999999999999999999999999999999999999 5s 1h30m
    "" "5" "1s" "0s" "-1s" "1h30m" "1.5s" "99999999999d" "0.0000000001s" "1µs" "٣s" "{self}{a:>b$}" "{" b"1s" c"1s" r#"1s"#
    true false self Self super crate r#type r#on r#async mut ref move async await const unsafe dyn impl fn for if let match
    return static where on own clone none full once multiply unlimited neutral failure exponential fixed linear fibonacci
    percentile adaptive stale factor min max initial timeout rate_limited circuit_open enabled shadow budget with transient
    throttled permanent classify __private __self __ret __absorbed_1 __reported block_on Err(_) Ok(0) |e|e &_ #[retry]
    #[resilient(set)] #[outcome(on(Err(_)))] impl(Future<Output=u8>) Box::pin(async{}) &mut(self)
"##;

/// Tokens with some changes. Donors are other inputs, of which a part may come in.
pub(crate) fn mutate(tokens: TokenStream, donors: &[String], random: &mut Random) -> TokenStream {
    let mut tokens = tokens;
    for _ in 0..=random.below(3) {
        tokens = damage(tokens, donors, random);
    }
    tokens
}

/// One change, at any depth.
fn damage(tokens: TokenStream, donors: &[String], random: &mut Random) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    let groups: Vec<usize> = (0..trees.len()).filter(|at| matches!(trees[*at], TokenTree::Group(_))).collect();
    // Arguments are few among the tokens of a function.
    if !groups.is_empty() && !random.one_in(4) {
        let at = random.pick(&groups);
        if let TokenTree::Group(group) = trees[at].clone() {
            trees[at] = Group::new(group.delimiter(), damage(group.stream(), donors, random)).into();
        }
        return trees.into_iter().collect();
    }
    let at = random.below(trees.len());
    let other = random.below(trees.len());
    match random.below(12) {
        0 | 1 if !trees.is_empty() => drop(trees.remove(at)),
        2 if !trees.is_empty() => trees.insert(other, trees[at].clone()),
        3 if !trees.is_empty() => trees.swap(at, other),
        4 => trees.truncate(at),
        5 if !trees.is_empty() => {
            trees.splice(at..=at, word(random));
        }
        6 => {
            let part = part(donors, random);
            trees.splice(at..at, part);
        }
        7 => {
            let (from, to) = (at.min(other), at.max(other));
            let delimiter = delimiter(random);
            let inner = trees.drain(from..to).collect();
            trees.insert(from, Group::new(delimiter, inner).into());
        }
        8 => match trees.get(at) {
            Some(TokenTree::Group(group)) => {
                let changed = Group::new(delimiter(random), group.stream());
                trees[at] = changed.into();
            }
            _ => drop(trees.splice(at..at, word(random))),
        },
        9 => match trees.get(at) {
            Some(TokenTree::Group(group)) => drop(trees.splice(at..=at, group.stream())),
            _ => drop(trees.splice(at..at, word(random))),
        },
        10 if !trees.is_empty() => {
            let (from, to) = (at.min(other), at.max(other));
            let run: Vec<TokenTree> = trees[from..=to].to_vec();
            let times = 1 + random.below(if run.len() < 8 { 40 } else { 3 });
            let repeated = (0..times).flat_map(|_| run.clone());
            trees.splice(from..from, repeated);
        }
        _ => drop(trees.splice(at..at, word(random))),
    }
    trees.into_iter().collect()
}

fn delimiter(random: &mut Random) -> Delimiter {
    random.pick(&[Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None])
}

/// A word, the name of an argument, or one with a value.
fn word(random: &mut Random) -> Vec<TokenTree> {
    let (kind, words) = (random.pick(&Kind::ALL), WORDS.split_whitespace().collect::<Vec<_>>());
    let text = match random.below(3) {
        0 => random.pick(&words).to_owned(),
        1 => random.pick(&kind.arguments()).to_owned(),
        _ => format!("{} = {},", random.pick(&kind.arguments()), random.pick(&words)),
    };
    read(&text).into_iter().flatten().collect()
}

/// Some neighbouring tokens of another input.
fn part(donors: &[String], random: &mut Random) -> Vec<TokenTree> {
    if donors.is_empty() {
        return word(random);
    }
    let mut trees: Vec<TokenTree> = read(&random.pick(donors)).into_iter().flatten().collect();
    while let Some(TokenTree::Group(group)) = trees.get(random.below(trees.len())) {
        trees = group.stream().into_iter().collect();
        if random.one_in(3) {
            break;
        }
    }
    let from = random.below(trees.len());
    let to = trees.len().min(from + 1 + random.below(8));
    trees.drain(from..to).collect()
}

/// A text with some changes; the same text where it is none.
pub(crate) fn mutate_text(text: &str, donors: &[String], random: &mut Random) -> String {
    match read(text) {
        Some(tokens) => write(mutate(tokens, donors, random)),
        None => text.to_owned(),
    }
}
