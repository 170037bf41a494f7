//! Deadlines and timeouts nested at random, against a list of frames that is looked through from end to end.

use core::cell::RefCell;

use proptest::prelude::*;

use super::*;
use crate::scope;

/// What a body does. The limits are in seconds and far away: here nothing ends.
#[derive(Debug, Clone)]
enum Op {
    Ask,
    Pass(u64),
    Yield,
    Panic,
    Timeout(Option<u64>, Vec<Op>),
    Scope(Option<u64>, Vec<Op>),
    /// Polled once, and dropped.
    Run(Option<u64>, Vec<Op>),
    /// Polled once, and dropped; a panic ends here.
    Once(Vec<Op>),
}

#[derive(Debug, Clone, Copy)]
enum Frame {
    Timeout { limit: Option<Duration>, start: Option<Instant> },
    Scope(Option<Instant>),
    Run(Option<Instant>),
    Once,
}

#[derive(Debug, Default)]
struct Model(Vec<Frame>);

impl Model {
    /// Whoever asks starts all the timeouts around.
    fn ask(&mut self) {
        for frame in &mut self.0 {
            if let Frame::Timeout { start, .. } = frame {
                start.get_or_insert_with(Instant::now);
            }
        }
    }

    /// A timeout that is waited beneath asks.
    fn wait(&mut self) {
        let own = self.0.iter().rev().take_while(|frame| !matches!(frame, Frame::Once | Frame::Run(_)));
        if own.into_iter().any(|frame| matches!(frame, Frame::Timeout { limit: Some(_), .. })) {
            self.ask();
        }
    }

    /// The deadline, and whether it is given.
    fn seen(&self) -> (Option<Instant>, bool) {
        let sooner = |at: Option<Instant>, given: Instant| at.is_none_or(|at| given < at);
        self.0.iter().fold((None, false), |(at, is_given), frame| match *frame {
            Frame::Timeout { limit: Some(limit), start: Some(start) } => {
                (Some(if sooner(at, start + limit) { start + limit } else { at.unwrap() }), false)
            }
            Frame::Scope(Some(given)) if sooner(at, given) => (Some(given), true),
            Frame::Run(given) => {
                let at = given.filter(|given| sooner(at, *given)).or(at);
                (at, at.is_some())
            }
            Frame::Timeout { .. } | Frame::Scope(_) | Frame::Once => (at, is_given),
        })
    }
}

/// The panic of a body.
struct Intended;

type Body<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

fn body<'a>(ops: &'a [Op], model: &'a RefCell<Model>) -> Body<'a> {
    Box::pin(async move {
        for op in ops {
            let depth = model.borrow().0.len();
            step(op, model).await;
            model.borrow_mut().0.truncate(depth);
        }
    })
}

async fn step(op: &Op, model: &RefCell<Model>) {
    let push = |frame| model.borrow_mut().0.push(frame);
    let after = |seconds: Option<u64>| seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    match op {
        Op::Ask => {
            model.borrow_mut().ask();
            assert_eq!((deadline(), scope::is_given()), model.borrow().seen(), "{:?}", model.borrow());
        }
        Op::Pass(seconds) => pass(Duration::from_secs(*seconds)),
        Op::Yield => {
            model.borrow_mut().wait();
            let mut waited = false;
            poll_fn(|_| if core::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
        }
        Op::Panic => std::panic::resume_unwind(Box::new(Intended)),
        Op::Timeout(limit, inner) => {
            let limit = limit.map(Duration::from_secs);
            push(Frame::Timeout { limit, start: None });
            assert!(Timeout::from(limit).try_call(body(inner, model)).await.rejection().is_none());
        }
        Op::Scope(seconds, inner) => {
            let given = after(*seconds);
            if given.is_some() {
                model.borrow_mut().ask();
            }
            push(Frame::Scope(given));
            Deadline(given).scope(body(inner, model)).await;
        }
        Op::Run(seconds, inner) => {
            let given = after(*seconds);
            model.borrow_mut().ask();
            push(Frame::Run(given));
            let _ = Deadline(given).run(|| poll_now(body(inner, model)));
        }
        Op::Once(inner) => {
            push(Frame::Once);
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| poll_now(body(inner, model)))) {
                assert!(payload.is::<Intended>(), "{payload:?}");
            }
        }
    }
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let leaf = prop_oneof![
        4 => Just(Op::Ask),
        2 => (1_u64..4).prop_map(Op::Pass),
        1 => Just(Op::Yield),
        1 => Just(Op::Panic),
    ];
    let op = leaf.prop_recursive(5, 40, 5, |op| {
        let seconds = || prop_oneof![4 => (10_000_u64..10_010).prop_map(Some), 1 => Just(None)];
        let inner = prop::collection::vec(op, 1..5);
        prop_oneof![
            3 => (seconds(), inner.clone()).prop_map(|(limit, inner)| Op::Timeout(limit, inner)),
            2 => (seconds(), inner.clone()).prop_map(|(given, inner)| Op::Scope(given, inner)),
            1 => (seconds(), inner.clone()).prop_map(|(given, inner)| Op::Run(given, inner)),
            1 => inner.prop_map(Op::Once),
        ]
    });
    prop::collection::vec(op, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 2_000 }))]

    #[test]
    fn the_deadline_is_that_of_the_frames(ops in ops()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let model = RefCell::<Model>::default();
            // In one poll with the panics, and in as many as it takes without.
            step(&Op::Once(ops.clone()), &model).await;
            model.take();
            let rest: Vec<_> = ops.into_iter().filter(|op| !panics(op)).collect();
            let mut call = body(&rest, &model);
            while poll_now(call.as_mut()).is_pending() {}
            assert_eq!((deadline(), scope::is_given()), (None, false));
        });
    }
}

fn panics(op: &Op) -> bool {
    match op {
        Op::Panic => true,
        Op::Timeout(_, inner) | Op::Scope(_, inner) | Op::Run(_, inner) => inner.iter().any(panics),
        Op::Ask | Op::Pass(_) | Op::Yield | Op::Once(_) => false,
    }
}
