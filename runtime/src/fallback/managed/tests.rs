use std::sync::{Arc, Mutex};

use crate::__private::{Fallback, fallback, fallback_error, fallback_error_with, fallback_returned_error};
use crate::name::Name;
use crate::registry::said::settings;
use crate::registry::table::{counted, put, refuses, takes};
use crate::registry::{Managed, Value};
use crate::{Event, Failure, Flow, Rejection, RejectionKind};

const REJECTION: Rejection = Rejection::new(RejectionKind::Timeout, Name::UNNAMED);

#[derive(Debug, PartialEq)]
struct Error;

impl From<Rejection> for Error {
    fn from(_: Rejection) -> Self {
        Self
    }
}

type Outcome = Result<u8, Error>;

#[test]
fn it_can_be_switched_off_and_on() {
    let policy = Fallback::new().name("cache").critical(true);
    assert_eq!((Managed::name(&policy), policy.is_named(), policy.kind().as_str()), ("cache", true, "fallback"));
    assert_eq!(settings(&policy), ["enabled = true", "critical = true"]);
    takes(&policy, &[("enabled", false.into(), "false"), ("critical", false.into(), "false")]);
    put(&policy, &[("enabled", false.into())]).unwrap();
    put(&policy, &[("critical", false.into())]).unwrap();
    assert_eq!(settings(&policy), ["enabled = true", "critical = false"], "a change is not over the one before");
    put(&policy, &[]).unwrap();
    let unknown = "unknown setting `stale`; expected one of: `enabled`, `critical`";
    let word = "`enabled` takes `true` or `false`, and not 0";
    refuses(&policy, &[(&[("enabled", Value::Integer(0)), ("stale", "1m".into())], &[word, unknown])]);
}

#[test]
fn switched_off_what_was_returned_passes_and_a_rejection_is_answered() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let _observer = crate::observe(move |event: &Event| {
        if event.policy == "switched" {
            listener.lock().unwrap().push(event.to_string());
        }
    });
    let policy = &Fallback::new().name("switched");
    let failed = || Flow::<Outcome>::Returned(Err(Error));
    let rejected = || Flow::<Outcome>::Rejected(REJECTION);
    let all = |failure: fn(&Outcome) -> bool| {
        (
            fallback(policy, failed(), failure),
            fallback_error(policy, failed(), failure),
            fallback_error_with(policy, failed(), failure, |_| Error),
            fallback_returned_error(policy, Flow::Returned(Err(Error)) as Flow<Outcome, _>, failure),
        )
    };
    assert_eq!(all(Result::is_err), (Err(Failure::Returned(Err(Error))), Err(Error), Err(Error), Err(Error)));
    assert_eq!(counted(policy), [("answered", 4)]);
    put(policy, &[("enabled", false.into())]).unwrap();
    assert_eq!(all(Result::is_err), (Ok(Err(Error)), Ok(Err(Error)), Ok(Err(Error)), Ok(Err(Error))));
    assert_eq!(fallback(policy, rejected(), Result::is_err), Err(rejected()));
    assert_eq!(fallback_error(policy, rejected(), Result::is_err), Err(Error));
    assert_eq!(fallback_error_with(policy, rejected(), Result::is_err, |_| Error), Err(Error));
    assert_eq!((counted(policy), told.lock().unwrap().len()), (vec![("answered", 4)], 4));
    put(policy, &[]).unwrap();
    assert_eq!(fallback(policy, rejected(), Result::is_err), Err(rejected()));
    assert_eq!((counted(policy), told.lock().unwrap().len()), (vec![("answered", 5)], 5));
    let off = &Fallback::new().enabled(false);
    assert_eq!(fallback(off, failed(), Result::is_err), Ok(Err(Error)));
}
