use steadfast::policies;

policies! {
    attributes: [#[retry], #[circuit_breaker(failure_threshold = 3)], #[steadfast::timeout("1s")]];
    semicolons: [retry; timeout("1s")];
    no_comma: [retry timeout("1s")];
    no_comma_after_arguments: [timeout("1s") retry, own bulkhead(max_concurrent = 3) timeout("1s")];
    lists: [retry[attempts = 3]];
    conditions: [#[cfg(unix)] retry, timeout("1s")];
    right: [retry]
}

fn main() {}
