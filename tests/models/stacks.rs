//! Stacks of attributes, in any order, against an interpreter of the rules.

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use steadfast::{Place, State, testing};
use steadfast_tests::{Answer, Error};
use tokio::time::{Instant, advance, sleep, sleep_until, timeout};

use self::interpreter::{End, Interpreter};
use self::list::{Function, Stack};
use self::simulation::By;
use self::world::{Plan, World};
use super::common::check_more;

mod hedge;
mod interpreter;
mod list;
mod plan;
mod simulation;
mod world;

/// A place in a bulkhead that somebody else has from the beginning, and until when.
type Hold = (usize, Duration);

#[derive(Debug, Clone, Copy)]
struct Call {
    /// How long after the one before.
    after: Duration,
    /// What is done to a breaker first.
    force: Option<(usize, State)>,
    /// When its caller goes away.
    cancelled: Duration,
}

#[derive(Debug, Clone)]
struct History {
    stack: usize,
    plan: Plan,
    holds: Vec<Hold>,
    calls: Vec<Call>,
}

/// What comes of a call, and when.
async fn real(stack: &Stack, world: &World, cancelled: Duration) -> Result<Option<Answer>, ()> {
    let mut call = match stack.call {
        Function::Async(call) => call(world),
        Function::Blocking(call) => {
            let _sleeps = testing::advance_on_sleep();
            let caught = catch_unwind(AssertUnwindSafe(|| call(world)));
            // The thread has been held up: now the timers of others ring.
            advance(Duration::ZERO).await;
            return caught.map(Some).map_err(drop);
        }
    };
    let caught = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => Poll::Ready(Err(())),
    });
    match timeout(cancelled, caught).await {
        Ok(Ok(answer)) => Ok(Some(answer)),
        Ok(Err(())) => Err(()),
        Err(_) => Ok(None),
    }
}

/// Gives the places back in time, beside whatever else the task does.
async fn give_back(began: Instant, mut held: Vec<(Duration, Place<'_>)>) {
    held.sort_by_key(|held| held.0);
    for (until, place) in held {
        sleep_until(began + until).await;
        drop(place);
    }
    pending::<()>().await;
}

async fn history(stacks: &[Stack], History { stack, plan, holds, calls }: History) {
    let stack = &stacks[stack % stacks.len()];
    let blocks = matches!(stack.call, Function::Blocking(_));
    let (world, interpreter) = (World::new(&plan), Interpreter::new(&plan, blocks));
    let mut held = Vec::new();
    for (which, until) in holds {
        interpreter.hold(which, until);
        held.extend(world.bulkheads[which].try_acquire().map(|place| (until, place)));
    }
    let mut others = pin!(give_back(Instant::now(), held));
    for (index, Call { after, force, cancelled }) in calls.into_iter().enumerate() {
        tokio::select! {
            biased;
            () = &mut others => {}
            () = sleep(after) => {}
        }
        interpreter.pass_to(world.now());
        if let Some((which, state)) = force {
            match state {
                State::ForcedOpen => world.breakers[which].force_open(),
                State::ForcedClosed => world.breakers[which].force_closed(),
                _ => world.breakers[which].reset(),
            }
            interpreter.breakers[which].borrow_mut().force(state);
        }
        let came = tokio::select! {
            biased;
            () = &mut others => unreachable!("it is pending"),
            came = real(stack, &world, cancelled) => came,
        };
        // Nobody goes away from a call that blocks.
        let cancelled = if blocks { Duration::MAX } else { interpreter.now() + cancelled };
        let end = interpreter.run(stack.layers, cancelled);
        // Those whose time is over give back their places now at the latest.
        interpreter.pass_to(interpreter.now());
        if interpreter.clock.is_open.get() {
            // From here on either is right.
            return;
        }
        compare(&world, &interpreter, came, end, &format!("call {index} of {:?}", stack.layers));
    }
}

fn compare(world: &World, interpreter: &Interpreter, came: Result<Option<Answer>, ()>, end: End, what: &str) {
    let seen = |seen: &RefCell<Vec<_>>| seen.borrow().clone();
    assert_eq!(seen(&world.seen), seen(&interpreter.seen), "what has begun, {what}");
    match (came, end) {
        (Err(()), End::Panicked) | (Ok(None), End::Cut(By::Caller)) => {}
        (Ok(Some(Err(Error::Rejected(rejection)))), End::Rejected(refusal)) => {
            assert_eq!((rejection.kind(), rejection.policy()), (refusal.kind, refusal.policy), "{what}");
            assert_eq!(rejection.retry_after(), refusal.hint, "{what}");
        }
        (Ok(Some(answer)), End::Returned(expected)) => assert_eq!(answer, expected, "{what}"),
        (came, end) => panic!("{came:?}, and not {end:?}, {what}"),
    }
    assert_eq!(world.now(), interpreter.now(), "when it ends, {what}");
    for (real, reference) in world.breakers.iter().zip(&interpreter.breakers) {
        let (counts, reference) = (real.counts(), reference.borrow());
        assert_eq!(real.state(), reference.state, "{what}");
        assert_eq!((counts.opened, counts.rejected), (reference.opened, reference.rejected), "{what}");
        if reference.state == State::Closed {
            assert_eq!((counts.calls, counts.failures, counts.slow), reference.tally(), "{what}");
            assert_eq!(counts.consecutive_failures, reference.consecutive, "{what}");
        }
        if reference.state == State::HalfOpen {
            assert_eq!(
                (counts.probes as usize, counts.probe_successes),
                (reference.probes(), reference.probe_successes)
            );
        }
    }
    for (real, reference) in world.bulkheads.iter().zip(&interpreter.bulkheads) {
        let full = reference.borrow().full();
        assert_eq!((real.running(), real.waiting()), (full.running, full.waiting), "places, {what}");
        assert_eq!(real.rejected(), reference.borrow().rejected, "full, {what}");
    }
    for (real, reference) in world.limits.iter().zip(&interpreter.limits) {
        let reference = reference.borrow();
        assert_eq!((real.available(), real.waiting()), (reference.available(), reference.waiting()), "permits, {what}");
        assert_eq!(real.rejected(), reference.rejected, "spent, {what}");
    }
}

#[test]
fn they_do_what_the_interpreter_does() {
    let stacks = list::stacks();
    check_more(4, &plan::histories(), async |case| history(&stacks, case).await);
}

#[test]
fn those_that_block_do_what_the_interpreter_does() {
    let stacks = list::blocking();
    check_more(2, &plan::histories(), async |case| history(&stacks, case).await);
}
