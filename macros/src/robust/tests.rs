use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::check::{Verdict, check};
use super::mutate::mutate_text;
use super::{Random, input, valid};

/// How often each input of the corpus is damaged. `FUZZ_ROUNDS` in the environment is in place of it.
const ROUNDS: usize = 4;

const LONGEST: usize = 8_192;

/// Longer than any of them takes by far.
const FOREVER: Duration = Duration::from_secs(60);

fn rounds() -> usize {
    std::env::var("FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS)
}

/// Calls `run` with what checks a text. Where that panics, or takes for ever, the test says for which.
fn checking(run: impl FnOnce(&dyn Fn(&str) -> Verdict) + Send + 'static) {
    let (begins, begun) = mpsc::channel::<String>();
    // As large as those of the compiler.
    let worker = thread::Builder::new().stack_size(8 << 20).spawn(move || {
        run(&|text| {
            begins.send(text.to_owned()).expect("somebody listens");
            let result = catch_unwind(AssertUnwindSafe(|| check(text)));
            result.unwrap_or_else(|_| panic!("for this input, to be kept in macros/fuzz/corpus:\n{text}"))
        });
    });
    let worker = worker.expect("a thread");
    let mut last = String::new();
    loop {
        match begun.recv_timeout(FOREVER) {
            Ok(text) => last = text,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                panic!("no end for this input, to be kept in macros/fuzz/corpus:\n{last}")
            }
        }
    }
    if let Err(panic) = worker.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn inputs_of_the_corpus() {
    checking(|check| {
        let corpus = input::corpus().unwrap();
        let verdicts: Vec<Verdict> = corpus.iter().map(|text| check(text)).collect();
        let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
        // So many were there when this was written; less would mean that they are not found.
        assert!(count(Verdict::Accepted) > 500 && count(Verdict::Refused) > 300, "{} inputs", corpus.len());
        assert!(count(Verdict::NoInput) < 20);
    });
}

#[test]
fn damaged_inputs() {
    checking(|check| {
        let corpus = input::corpus().unwrap();
        for text in &corpus {
            let mut random = Random::of(text);
            for _ in 0..rounds() {
                // Damaged again and again, which leads further away.
                let mut text = text.clone();
                for _ in 0..=random.below(3) {
                    let damaged = mutate_text(&text, &corpus, &mut random);
                    // What is nested a thousand times is too much for `syn`.
                    text = if damaged.len() < LONGEST { damaged } else { text };
                    check(&text);
                }
            }
        }
    });
}

/// In one file, for the compiler, where `FUZZ_SAMPLE` says that it is to be written: `.ci/fuzz`.
#[test]
fn valid_functions() {
    checking(|check| {
        let mut random = Random::new(4);
        let functions: Vec<_> = (0..rounds() * 100).map(|_| valid::valid(&mut random)).collect();
        for function in &functions {
            assert_eq!(check(&function.text), Verdict::Accepted, "{}", function.text);
        }
        if let Some(path) = std::env::var_os("FUZZ_SAMPLE") {
            std::fs::write(path, valid::file(&functions)).unwrap();
        }
    });
}
