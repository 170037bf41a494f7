//! The fuzzer of `macros/fuzz`, guided by the coverage: the root of a crate that has the modules of this one.

#![no_main]
// The fuzzer calls the checks alone, and not the macros.
#![allow(dead_code, unused_imports, missing_docs)]

extern crate proc_macro;

mod args;
mod attribute;
mod check;
mod classify;
mod collect;
mod ctxt;
mod docs;
mod duration;
mod emit;
mod expand;
mod function;
mod kind;
mod policies;
mod policy;
mod resilient;
mod robust;
mod shape;
mod stack;
mod suggest;

use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};

use crate::robust::mutate::mutate_text;
use crate::robust::{Random, check::check, input};

/// What it begins with, and takes parts from.
static CORPUS: LazyLock<Vec<String>> = LazyLock::new(|| input::corpus().expect("the files of this repository"));

fuzz_target!(|text: &str| {
    check(text);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random::new(seed.into());
    let text = std::str::from_utf8(&data[..size]).unwrap_or_default();
    let begins = size < 4 || random.one_in(50);
    let mutated = if begins { random.pick(&CORPUS) } else { mutate_text(text, &CORPUS, &mut random) };
    let mutated = if mutated.len() > max_size { random.pick(&CORPUS) } else { mutated };
    if mutated.len() > max_size {
        return size;
    }
    data[..mutated.len()].copy_from_slice(mutated.as_bytes());
    mutated.len()
});
