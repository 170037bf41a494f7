//! The page of policies in a real browser, from a real server. Pictures of it are left in `target/page`.

#[path = "page/browser.rs"]
mod browser;
#[path = "page/server.rs"]
mod server;
#[path = "../page/shop.rs"]
mod shop;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use browser::Browser;
use serde_json::json;
use server::Server;
use steadfast::page::Page;
use steadfast::registry::{Registered, register};
use steadfast::{Bulkhead, CircuitBreaker, RateLimit, Rejection, State};
use tokio::runtime::Runtime;

const HOUR: Duration = Duration::from_secs(3600);
const NASTY: &str = "<script>document.title = 'broken'</script><img src=x onerror=alert(1)>";
const LONG: &str = "a_name_that_is_as_long_as_only_the_path_of_a_function_in_a_deep_module_can_be::\
                    and_goes_on_beyond_what_anybody_would_want_to_read_on_a_telephone::get";
const DESKTOP: (u32, u32) = (1280, 900);
const PHONE: (u32, u32) = (360, 740);

/// One test at a time, since each sees the policies of all.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn breaker(name: &'static str) -> (Arc<CircuitBreaker>, Registered) {
    let breaker = Arc::new(CircuitBreaker::new().name(name).failure_threshold(1).reset_timeout(HOUR));
    (Arc::clone(&breaker), register(breaker))
}

fn fail(breaker: &CircuitBreaker) {
    assert!(breaker.call_blocking(|| Err::<(), _>(io::Error::other("down"))).is_err());
}

/// The card of a policy, as an expression.
fn card(name: &str) -> String {
    let is_it = format!("card.querySelector('.name').textContent === {}", json!(name));
    format!("[...document.querySelectorAll('.card')].find(card => {is_it})")
}

fn state(name: &str) -> String {
    format!("{}?.querySelector('.state .word').textContent", card(name))
}

fn button(name: &str, steer: &str) -> String {
    format!("{}.querySelector('[data-steer={steer}]')", card(name))
}

/// Opens the page, and waits for its first cards.
fn look(server: &Server, size: (u32, u32), scheme: &str) -> Browser {
    let mut browser = Browser::start();
    browser.window(size, scheme);
    browser.open(&server.url("/steadfast"));
    browser.until("document.querySelector('.card')");
    browser
}

#[test]
fn states_are_told_in_words_and_what_needs_attention_comes_first() {
    let _alone = alone();
    let (open, _open) = breaker("t-open");
    let _others = [breaker("t-closed"), breaker(NASTY), breaker(LONG)];
    let full = Arc::new(Bulkhead::new(1).name("t-full"));
    let spent = Arc::new(RateLimit::new(1).per(HOUR).name("t-spent"));
    let _listed = [register(Arc::clone(&full)), register(Arc::clone(&spent))];
    fail(&open);
    spent.call_blocking(|| Ok::<_, io::Error>(())).expect("it has one permit");

    let server = Server::start(Page::new());
    let mut browser = look(&server, DESKTOP, "light");
    let within = full.call_blocking(|| {
        browser.until(&format!("{} === 'full'", state("t-full")));
        Ok::<_, io::Error>(())
    });
    within.expect("it has one place");
    browser.until(&format!("{} === 'limited'", state("t-full")));

    let stands =
        [("t-open", "open"), ("t-closed", "closed"), ("t-spent", "spent"), (NASTY, "closed"), (LONG, "closed")];
    for (name, expected) in stands {
        assert_eq!(browser.eval(&state(name)), json!(expected), "{name}");
    }
    let names = browser.eval("[...document.querySelectorAll('.name')].map(name => name.textContent)");
    let place = |name: &str| names.as_array().unwrap().iter().position(|other| other == name).unwrap();
    assert!(place("t-open") < place("t-spent") && place("t-spent") < place("t-closed"), "{names}");
    assert_eq!(browser.eval("document.querySelectorAll('.card script, .card img').length"), json!(0));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_change_of_state_shows_by_itself_and_is_told_once() {
    let _alone = alone();
    let (breaker, _listed) = breaker("t-changes");
    let server = Server::start(Page::new());
    let mut browser = look(&server, DESKTOP, "light");
    browser.until(&format!("{} === 'closed'", state("t-changes")));
    browser.eval("void (window.before = true)");

    fail(&breaker);
    browser.until(&format!("{} === 'open'", state("t-changes")));
    browser.until(
        "document.querySelector('[role=status]').textContent.includes('circuit breaker t-changes: open, was closed')",
    );
    browser.until("[...document.querySelectorAll('#events tr')].some(row => row.textContent.includes('`t-changes` went from closed to open'))");
    assert_eq!(browser.eval("window.before"), json!(true), "it was not loaded again");
    assert_eq!(
        browser.eval(&format!("{} === document.querySelector('.card')", card("t-changes"))),
        json!(true),
        "it came first"
    );

    breaker.reset();
    browser.until(&format!("{} === 'closed'", state("t-changes")));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_policy_that_is_gone_is_not_shown_any_more() {
    let _alone = alone();
    let (_breaker, listed) = breaker("t-gone");
    let server = Server::start(Page::new());
    let mut browser = look(&server, DESKTOP, "light");
    browser.until(&card("t-gone"));
    drop(listed);
    browser.until(&format!("!{}", card("t-gone")));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn without_the_opt_in_there_is_nothing_to_press() {
    let _alone = alone();
    let _listed = breaker("t-read");
    let server = Server::start(Page::new());
    let mut browser = look(&server, DESKTOP, "light");
    browser.until(&card("t-read"));
    assert_eq!(browser.eval("document.querySelectorAll('.card button').length"), json!(0));
    assert_eq!(browser.eval("fetch('steadfast/steer', { method: 'POST' }).then(answer => answer.status)"), json!(404));
}

#[test]
fn a_force_asks_first_and_is_done_by_mouse_and_by_keyboard() {
    let _alone = alone();
    let (breaker, _listed) = breaker("t-forced");
    let server = Server::start(Page::new().controls(true));
    let mut browser = look(&server, DESKTOP, "dark");
    browser.until(&card("t-forced"));
    assert_eq!(browser.eval("document.querySelectorAll('dialog[open]').length"), json!(0));

    browser.click(&button("t-forced", "force_open"));
    browser
        .until("document.querySelector('dialog[open]')?.textContent.includes('Circuit breaker t-forced. It rejects')");
    assert_eq!(browser.eval("document.activeElement.textContent"), json!("Cancel"), "nothing is done by a slip");
    browser.key("Enter");
    browser.until("!document.querySelector('dialog[open]')");
    assert_eq!(breaker.state(), State::Closed);

    browser.click(&button("t-forced", "force_open"));
    browser.click("document.getElementById('yes')");
    browser.until(&format!("{} === 'forced open'", state("t-forced")));
    assert_eq!(breaker.state(), State::ForcedOpen);

    // The card came first when it was forced; the focus is still on its button.
    browser.until("document.activeElement.dataset.steer === 'force_open'");
    browser.key("Tab");
    browser.key("Enter");
    browser.until("document.querySelector('dialog[open]')");
    browser.key("Tab");
    browser.key("Enter");
    browser.until(&format!("{} === 'forced closed'", state("t-forced")));
    assert_eq!(breaker.state(), State::ForcedClosed);

    browser.click(&button("t-forced", "reset"));
    browser.click("document.getElementById('yes')");
    browser.until(&format!("{} === 'closed'", state("t-forced")));
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Forced open it rejects every call, whatever its settings say.
#[test]
fn a_force_is_shown_before_what_the_settings_say() {
    let _alone = alone();
    let _calm = breaker("t-calm");
    let others = [
        Arc::new(CircuitBreaker::new().name("t-force-off").enabled(false)),
        Arc::new(CircuitBreaker::new().name("t-force-shadow").shadow(true)),
    ];
    let _listed = others.clone().map(register);
    let server = Server::start(Page::new());
    let mut browser = look(&server, DESKTOP, "light");
    browser.until(&format!("{} === 'switched off'", state("t-force-off")));
    for breaker in &others {
        breaker.force_open();
        breaker.call_blocking(|| Ok::<_, Rejection>(())).expect_err("it rejects all the same");
    }
    let edge = |name: &str, edge: &str| format!("{}.classList.contains('{edge}')", card(name));
    for (name, mark) in [("t-force-off", "switched off otherwise"), ("t-force-shadow", "in shadow otherwise")] {
        browser.until(&format!("{} === 'forced open'", state(name)));
        browser.until(&format!("{}.querySelector('.state').classList.contains('bad')", card(name)));
        browser.until(&edge(name, "rejects"));
        browser.until(&format!("{}.querySelector('.kind').textContent === 'circuit breaker, {mark}'", card(name)));
    }
    let names = browser.eval("[...document.querySelectorAll('.name')].map(name => name.textContent)");
    let place = |name: &str| names.as_array().unwrap().iter().position(|other| other == name).unwrap();
    assert!(place("t-force-off") < place("t-calm") && place("t-force-shadow") < place("t-calm"), "{names}");
    for breaker in &others {
        breaker.force_closed();
    }
    for name in ["t-force-off", "t-force-shadow"] {
        browser.until(&format!("{} === 'forced closed'", state(name)));
        browser.until(&edge(name, "by-hand"));
    }
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_filter_leaves_what_is_asked_for() {
    let _alone = alone();
    let (open, _open) = breaker("t-filter-open");
    let _closed = breaker("t-filter-closed");
    fail(&open);
    let server = Server::start(Page::new());
    let mut browser = look(&server, DESKTOP, "light");
    let shown = "[...document.querySelectorAll('.name')].map(name => name.textContent).join()";
    let choose = |id: &str, value: &str| {
        format!(
            "(() => {{ const it = document.getElementById('{id}'); it.value = '{value}'; it.dispatchEvent(new Event('input')); }})()"
        )
    };

    browser.eval("document.getElementById('by-name').focus()");
    browser.write("T-FILTER");
    browser.until(&format!("{shown} === 't-filter-open,t-filter-closed'"));
    for (id, value, expected) in [
        ("by-kind", "bulkhead", ""),
        ("by-kind", "circuit_breaker", "t-filter-open,t-filter-closed"),
        ("by-state", "closed", "t-filter-closed"),
        ("by-state", "attention", "t-filter-open"),
    ] {
        browser.eval(&choose(id, value));
        assert_eq!(browser.eval(shown), json!(expected), "{id} {value}");
    }
    browser.eval(&choose("by-name", "there is none"));
    assert_eq!(
        browser.eval("document.getElementById('empty').innerText.includes('No policy is like that.')"),
        json!(true)
    );
    browser.click("document.getElementById('show-all')");
    browser.until(&format!("{shown}.includes('t-filter-closed') && {shown}.includes('search')"));
}

#[test]
fn a_connection_that_is_lost_is_said_and_comes_back() {
    let _alone = alone();
    let (breaker, _listed) = breaker("t-lost");
    let server = Server::start(Page::new());
    let mut browser = look(&server, DESKTOP, "light");
    browser.until("document.getElementById('connection').textContent.startsWith('Live. Data of ')");
    let address = server.stop();
    browser.until("/Connection lost\\. Data of \\d\\d:\\d\\d:\\d\\d, \\d+ s old/.test(document.getElementById('connection').textContent)");
    browser.until(&format!("{} === 'closed'", state("t-lost")));

    fail(&breaker);
    let _server = Server::at(address, Page::new());
    browser.until("document.getElementById('connection').textContent.startsWith('Live. Data of ')");
    browser.until(&format!("{} === 'open'", state("t-lost")));
}

#[test]
fn it_asks_nothing_while_it_is_hidden_or_paused() {
    let _alone = alone();
    let server = Server::start(Page::new());
    let mut browser = look(&server, DESKTOP, "light");
    // All that the page does next goes through these.
    browser.eval(
        "void (() => {
            window.asked = 0; window.timers = new Set();
            const [fetch, set, clear] = [window.fetch, window.setTimeout, window.clearTimeout];
            window.fetch = (...all) => { window.asked += 1; return fetch(...all); };
            window.setTimeout = (f, ms) => { const id = set(() => { window.timers.delete(id); f(); }, ms); window.timers.add(id); return id; };
            window.clearTimeout = id => { window.timers.delete(id); clear(id); };
        })()",
    );
    browser.until("window.asked >= 2 && window.timers.size === 1");
    let hide = |hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{ configurable: true, value: {hidden} }}), document.dispatchEvent(new Event('visibilitychange'))"
        )
    };
    // Where it was asking just then it has still to come to its end.
    for (stop, go) in [
        (hide(true), hide(false)),
        ("document.getElementById('pause').click()".to_owned(), "document.getElementById('pause').click()".to_owned()),
    ] {
        browser.eval(&format!("void ({stop})"));
        browser.until("window.timers.size === 0");
        let asked = browser.eval("window.asked");
        browser.eval("document.dispatchEvent(new Event('visibilitychange'))");
        assert_eq!(browser.eval("window.asked"), asked);
        browser.eval(&format!("void ({go})"));
        browser.until(&format!("window.asked > {asked}"));
    }
    browser.click("document.getElementById('pause')");
    browser.until("/^Paused\\. Data of .* old\\.$/.test(document.getElementById('connection').textContent)");
}

/// Of the shop, with names that are nasty and long.
#[test]
fn it_is_readable_on_a_phone_and_on_a_desk_in_the_light_and_in_the_dark() {
    let _alone = alone();
    let _listed = [breaker(NASTY), breaker(LONG)];
    let customers = Runtime::new().expect("a runtime");
    customers.spawn(shop::open());
    let server = Server::start(Page::new().title("the shop").controls(true));
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../page");
    fs::create_dir_all(&pictures).expect("the folder of the build");

    let mut browser = look(&server, DESKTOP, "light");
    for name in ["payments", "reports", "geocoder", "search", "recommendations", "catalogue"] {
        browser.until(&card(name));
    }
    browser.until(&format!("{} === 'open'", state("payments")));
    browser.until(&format!("{} === 'full'", state("reports")));
    browser.until(&format!("{} === 'spent'", state("geocoder")));
    let retries = "[...document.querySelectorAll('.card')].some(card => card.textContent.includes('catalogue') && /retries per second[1-9]/.test(card.textContent))";
    browser.until(retries);
    // Enough of a line for the eye.
    browser.until(&format!("{}.querySelector('.line path').getAttribute('d').split('L').length > 12", card("search")));
    for (size, name) in [(DESKTOP, "desktop"), (PHONE, "phone")] {
        for scheme in ["light", "dark"] {
            browser.window(size, scheme);
            browser.eval("window.scrollTo(0, 0)");
            browser.until("document.scrollingElement.scrollWidth <= innerWidth");
            browser.picture(&pictures.join(format!("{name}-{scheme}.png")), false);
            browser.picture(&pictures.join(format!("{name}-{scheme}-whole.png")), true);
        }
    }
    browser.eval("document.querySelectorAll('.card details').forEach(it => { it.open = true; })");
    browser.until("document.scrollingElement.scrollWidth <= innerWidth");
    browser.picture(&pictures.join("phone-details.png"), true);
    browser.click(&button("payments", "force_closed"));
    browser.until("document.querySelector('dialog[open]')");
    browser.picture(&pictures.join("phone-dialog.png"), false);
    assert_eq!(browser.complaints(), [""; 0]);
    customers.shutdown_background();
}
