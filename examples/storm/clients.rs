//! A thousand clients, each on behalf of a user who asks again and again.

use std::cell::RefCell;
use std::cmp::min;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::time::Duration;

use steadfast::testing;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::policies::Process;
use super::server::{Error, Log, OUTAGE, Server};

/// How many there are.
pub const CLIENTS: u32 = 1000;
/// In so many processes.
pub const PROCESSES: u32 = 20;
/// How long it lasts.
pub const END: Duration = Duration::from_secs(60);

/// A user who has an answer, or an error, asks again after anything up to this: every five seconds on average.
const MOST_MILLIS_BETWEEN: u64 = 10_000;

/// The clients are told at once that their connection is lost, and connect and ask again together. That is the herd.
const HERD: Duration = OUTAGE.start.saturating_add(Duration::from_millis(20));

/// What happened, in order. Times are those since the beginning.
#[derive(Debug)]
pub struct Storm {
    /// The name of the policies.
    pub name: &'static str,
    /// When users asked.
    pub asked: Vec<Duration>,
    /// What they were told.
    pub answers: Vec<Answer>,
    /// What the server saw.
    pub server: Log,
}

impl Storm {
    /// When users had good answers.
    pub fn good(&self) -> impl Iterator<Item = Duration> {
        self.answers.iter().filter(|answer| answer.is_good).map(|answer| answer.at)
    }
}

/// What a user was told in the end.
#[derive(Debug)]
pub struct Answer {
    /// When.
    pub at: Duration,
    /// After how long.
    pub took: Duration,
    /// Whether it was an answer, and no error.
    pub is_good: bool,
}

/// The storm under the policies of `ask`. Users and jitter follow from the seed, and the clock is tokio's paused one.
pub async fn storm<F>(name: &'static str, seed: u64, ask: F) -> Storm
where
    F: AsyncFn(&Process) -> Result<(), Error> + Copy + 'static,
{
    let _seed = testing::seed(seed);
    let start = Instant::now();
    let server = Rc::new(Server::start());
    let processes: Vec<_> = (0..PROCESSES).map(|_| Rc::new(Process::new(server.clone()))).collect();
    let users: Rc<RefCell<Users>> = Rc::default();

    let run = async {
        let mut tasks = JoinSet::new();
        let worked = server.clone();
        tasks.spawn_local(async move { worked.work().await });
        for (number, process) in (0..CLIENTS).zip(processes.iter().cycle()) {
            let draw = Draw(seed ^ u64::from(number) << 32);
            tasks.spawn_local(client(process.clone(), start, draw, users.clone(), ask));
        }
        // None of them ends, unless it panics.
        if let Ok(Some(Err(ended))) = timeout_at(start + END, tasks.join_next()).await {
            resume_unwind(ended.into_panic());
        }
    };
    LocalSet::new().run_until(run).await;

    let Users { asked, answers } = users.take();
    Storm { name, asked, answers, server: server.take_log() }
}

#[derive(Debug, Default)]
struct Users {
    asked: Vec<Duration>,
    answers: Vec<Answer>,
}

async fn client<F>(process: Rc<Process>, start: Instant, mut draw: Draw, users: Rc<RefCell<Users>>, ask: F)
where
    F: AsyncFn(&Process) -> Result<(), Error>,
{
    // The smaller of two is what is left of such a time for somebody who looks in between: all is in full swing.
    let mut pause = min(draw.pause(), draw.pause());
    loop {
        let before = start.elapsed();
        let after = before + pause;
        let next = if before < HERD { min(after, HERD) } else { after };
        sleep_until(start + next).await;

        let asked = start.elapsed();
        users.borrow_mut().asked.push(asked);
        let is_good = ask(&process).await.is_ok();
        let at = start.elapsed();
        users.borrow_mut().answers.push(Answer { at, took: at.saturating_sub(asked), is_good });
        pause = draw.pause();
    }
}

/// The randomness of one client: `SplitMix64`, the same on every machine.
struct Draw(u64);

impl Draw {
    fn pause(&mut self) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_millis((mixed ^ (mixed >> 31)) % MOST_MILLIS_BETWEEN)
    }
}
