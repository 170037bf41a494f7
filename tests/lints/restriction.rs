//! Lints of clippy's restriction group: those that an expansion could set off, with functions that keep to them.
//! `implicit_return` is not among them: it fires at the end of a stack, as at the end of any code by an attribute.
#![deny(
    warnings,
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::as_underscore,
    clippy::assertions_on_result_states,
    clippy::clone_on_ref_ptr,
    clippy::create_dir,
    clippy::dbg_macro,
    clippy::decimal_literal_representation,
    clippy::default_numeric_fallback,
    clippy::default_union_representation,
    clippy::deref_by_slicing,
    clippy::disallowed_script_idents,
    clippy::doc_include_without_cfg,
    clippy::else_if_without_else,
    clippy::empty_drop,
    clippy::empty_enum_variants_with_brackets,
    clippy::error_impl_error,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::exit,
    clippy::expect_used,
    clippy::field_scoped_visibility_modifiers,
    clippy::float_arithmetic,
    clippy::fn_to_numeric_cast_any,
    clippy::get_unwrap,
    clippy::if_then_some_else_none,
    clippy::indexing_slicing,
    clippy::infinite_loop,
    clippy::integer_division,
    clippy::iter_over_hash_type,
    clippy::large_include_file,
    clippy::let_underscore_must_use,
    clippy::let_underscore_untyped,
    clippy::lossy_float_literal,
    clippy::map_err_ignore,
    clippy::map_with_unused_argument_over_ranges,
    clippy::mem_forget,
    clippy::min_ident_chars,
    clippy::missing_assert_message,
    clippy::missing_asserts_for_indexing,
    clippy::missing_docs_in_private_items,
    clippy::mixed_read_write_in_expression,
    clippy::module_name_repetitions,
    clippy::modulo_arithmetic,
    clippy::multiple_unsafe_ops_per_block,
    clippy::needless_raw_strings,
    clippy::non_zero_suggestions,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::partial_pub_fields,
    clippy::pattern_type_mismatch,
    clippy::precedence_bits,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::pub_without_shorthand,
    clippy::question_mark_used,
    clippy::rc_buffer,
    clippy::rc_mutex,
    clippy::redundant_test_prefix,
    clippy::redundant_type_annotations,
    clippy::ref_patterns,
    clippy::renamed_function_params,
    clippy::rest_pat_in_fully_bound_structs,
    clippy::return_and_then,
    clippy::same_name_method,
    clippy::self_named_module_files,
    clippy::semicolon_inside_block,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::single_call_fn,
    clippy::single_char_lifetime_names,
    clippy::str_to_string,
    clippy::string_add,
    clippy::suspicious_xor_used_as_pow,
    clippy::tests_outside_test_module,
    clippy::todo,
    clippy::try_err,
    clippy::undocumented_unsafe_blocks,
    clippy::unimplemented,
    clippy::unnecessary_safety_comment,
    clippy::unnecessary_self_imports,
    clippy::unneeded_field_pattern,
    clippy::unreachable,
    clippy::unseparated_literal_suffix,
    clippy::unused_result_ok,
    clippy::unused_trait_names,
    clippy::unwrap_in_result,
    clippy::unwrap_used,
    clippy::use_debug,
    clippy::wildcard_enum_match_arm
)]
#![expect(clippy::single_call_fn, reason = "each is there to be called once")]
#![expect(clippy::tests_outside_test_module, reason = "a file of tests")]

use core::time::Duration;

use steadfast::{CircuitBreaker, Rejection, circuit_breaker, fallback, hedge, outcome, retry, timeout};

/// What may go wrong.
#[derive(Debug, PartialEq)]
enum Failed {
    /// The body.
    Body,
    /// A policy.
    Rejected,
}

impl From<Rejection> for Failed {
    fn from(_: Rejection) -> Self {
        Self::Rejected
    }
}

/// Everything, async. A clone has the name of what it is a clone of: that is its purpose.
#[expect(clippy::shadow_reuse, reason = "`clone(text)`")]
#[outcome(ignore(Err(Failed::Rejected)))]
#[fallback(Err(Failed::Rejected))]
#[timeout(percentile(0.99, factor = 2.0, min = "2s", max = "10s", window = "5m", min_calls = 50))]
#[retry(
    attempts = 3,
    backoff = |attempt| Duration::from_millis(attempt.into()),
    jitter = 0.5,
    max_duration = "5s",
    on(Err(Failed::Body)),
    retry_after(Err(Failed::Body) => Duration::ZERO),
    on_retry = |_| (),
    on_give_up = |_| (),
    clone(text)
)]
#[circuit_breaker(key = id, failure_rate = 0.5, window = 10, slow_call = "1s", on_state_change = |_| ())]
#[timeout("1s", error = |_| Failed::Rejected)]
async fn full(id: u32, text: String, log: &mut Vec<u32>) -> Result<usize, Failed> {
    log.push(id);
    tokio::task::yield_now().await;
    let bytes = text.into_bytes();
    if bytes.is_empty() {
        return Err(Failed::Body);
    }
    Ok(bytes.len())
}

/// Everything, blocking.
#[expect(clippy::shadow_reuse, clippy::shadow_same, reason = "`clone`")]
#[fallback(|error| if error == Failed::Body { Ok(0) } else { Err(error) })]
#[retry(attempts = 3, backoff = fixed("1ms"), when = |error| *error == Failed::Body, clone)]
#[circuit_breaker(failure_threshold = 100)]
fn blocking(text: String, log: &mut Vec<usize>) -> Result<usize, Failed> {
    log.push(text.len());
    let bytes = text.into_bytes();
    if bytes.is_empty() {
        return Err(Failed::Body);
    }
    Ok(bytes.len())
}

/// With policies of its own.
struct Client {
    /// Each has one.
    breaker: CircuitBreaker,
    /// At most so long.
    limit: Option<Duration>,
}

impl Client {
    /// Answers.
    #[retry]
    #[circuit_breaker(self.breaker)]
    #[timeout(self.limit)]
    async fn ask(&self, id: u32) -> Result<u32, Failed> {
        tokio::task::yield_now().await;
        if id == 0 { Err(Failed::Body) } else { Ok(id) }
    }

    /// Answers sooner.
    #[retry]
    #[hedge(after = "50ms", attempts = 3, on(Err(_)))]
    #[hedge(after = Duration::from_millis(id.into()))]
    #[circuit_breaker(self.breaker)]
    #[timeout("1s")]
    async fn hedged(&self, id: u32) -> Result<u32, Failed> {
        tokio::task::yield_now().await;
        if id == 0 { Err(Failed::Body) } else { Ok(id) }
    }

    /// As it is.
    #[fallback(0)]
    #[timeout("1s")]
    async fn plain(&mut self) -> u32 {
        self.limit = None;
        tokio::task::yield_now().await;
        7
    }
}

#[tokio::test(start_paused = true)]
async fn they_work() {
    let sleeps = steadfast::testing::record_sleeps();
    let mut log = Vec::new();
    assert_eq!(full(1, "text".to_owned(), &mut log).await, Ok(4));
    assert_eq!(full(2, String::new(), &mut log).await, Err(Failed::Rejected));
    assert_eq!(log, [1, 2, 2, 2]);
    let mut lengths = Vec::new();
    assert_eq!(blocking(String::new(), &mut lengths), Ok(0));
    assert_eq!(lengths.len(), 3);
    assert_eq!(sleeps.taken().len(), 2);
    let mut client = Client { breaker: CircuitBreaker::new(), limit: Some(Duration::from_secs(1)) };
    assert_eq!(client.ask(3).await, Ok(3));
    assert_eq!(client.hedged(3).await, Ok(3));
    assert_eq!(client.plain().await, 7);
}
