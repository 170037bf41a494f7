'use strict';

// Asks for `data.json` once a second and shows it. Names come from programs: they are only ever set as text. This file
// knows what the answers mean, cards.js shows one policy, page.js all of them, and asks.

const POLL = 1_000;          // ms between two questions
const PATIENCE = 10_000;     // ms until an answer counts as lost
const RATE_OVER = 10_000;    // ms of which a rate is the mean
const LINE_OVER = 120_000;   // ms of which a line tells
const LINE_FROM = 15_000;    // ms of which it tells at least
const LATELY = 60_000;       // ms in which a failure is worth attention

// Where the page is nested, with a slash at its end or without.
const base = location.pathname.replace(/\/*$/, '/');
const $ = id => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';

const views = new Map();     // id of a policy: what is known of it, and its card
const rows = new Map();      // number of an event: its row
let data = null, process = null, receivedAt = 0;
let paused = false, lost = null, asking = false, timer = 0;

// ---- words and numbers

const words = text => text.replaceAll('_', ' ');
const title = text => text.charAt(0).toUpperCase() + text.slice(1);
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const number = n => (Math.abs(n) < 100 ? fine : whole).format(n > 0 && n < .05 ? .1 : n);
const percent = share => `${number(100 * share)} %`;
const clock = ms => new Date(ms).toLocaleTimeString('en-GB');

function duration(s) {
  if (s === 0) return '0 s';
  if (s < 1e-3) return `${number(s * 1e6)} µs`;
  if (s < 1) return `${number(s * 1e3)} ms`;
  if (s < 120) return `${number(s)} s`;
  return s < 7200 ? `${whole.format(s / 60)} min` : `${whole.format(s / 3600)} h`;
}

// ---- what the counts mean

// How calls end, by kind; known where the first of them is counted.
const OUTCOMES = {
  retry: ['succeeded', 'succeeded_after_retry', 'failed', 'failed_after_retry'],
  circuit_breaker: ['succeeded', 'failed', 'neutral', 'rejected'],
  bulkhead: ['admitted', 'rejected'],
  rate_limit: ['admitted', 'rejected'],
  timeout: ['in_time', 'timed_out'],
  fallback: ['passed', 'answered'],
};
const GOOD = new Set(['succeeded', 'succeeded_after_retry', 'admitted', 'in_time', 'passed']);
const BAD = new Set(['failed', 'failed_after_retry', 'rejected', 'refused', 'timed_out', 'gave_up']);
// What goes up and down. What is not known, and was seen to go down, is one of them as well.
const LEVEL = /^(running|waiting|limit|available|balance|probes|keys|kept|consecutive_failures)$|^(limit|p\d+)_(nanos|seconds)$/;
// What is counted in a window, and not from the beginning.
const IN_WINDOW = { circuit_breaker: ['calls', 'failures', 'slow'], retry_budget: ['calls', 'retries'] };

// Worth a place on the card only while there are any.
const RARE = new Set(['probes', 'consecutive_failures', 'opened', 'slow_calls']);

const isTime = count => /_(nanos|seconds)$/.test(count.name);
const nameOf = count => words(count.name.replace(/_(nanos|seconds)$/, ''));
const inUnits = (count, value) => isTime(count) ? duration(/nanos$/.test(count.name) ? value / 1e9 : value) : number(value);
const isWindow = (policy, count) => IN_WINDOW[policy.kind]?.includes(count.name);
const isLevel = (view, count) => LEVEL.test(count.name) || isWindow(view.policy, count) || view.fallen.has(count.name);
const named = (policy, name) => policy.counts.find(count => count.name === name);

function outcomesOf(policy) {
  const names = OUTCOMES[policy.kind] ?? [];
  return named(policy, names[0]) ? names.map(name => named(policy, name)).filter(Boolean) : [];
}

const setting = (policy, key) => policy.settings.find(setting => setting.key === key)?.value;

// What is one for each call: how it ended, or that it was made.
function callsOf(policy) {
  const outcomes = outcomesOf(policy), calls = named(policy, 'calls');
  return outcomes.length || !calls || isWindow(policy, calls) ? outcomes : [calls];
}

// ---- how a policy stands: a shape, a word, a tone, and how soon somebody should look

const RANK = { rejects: 0, spent: 1, recovers: 2 };
const STATES = {
  closed: ['●', 'good'], open: ['✕', 'bad'], half_open: ['◐', 'warn'], forced_open: ['✕', 'bad'], forced_closed: ['◆', 'warn'],
};

const isByHand = policy => policy.state === 'forced_open' || policy.state === 'forced_closed';

function standing(view) {
  const { policy } = view, level = policy.trouble?.level;
  const said = (shape, word, tone, rank) => ({ shape, word, tone, rank });
  // By hand it rejects or lets pass whatever the settings say.
  if (isByHand(policy)) {
    const [shape, tone] = STATES[policy.state];
    return said(shape, words(policy.state), tone, policy.state === 'forced_open' ? RANK.rejects : 3);
  }
  if (setting(policy, 'enabled') === false) return said('○', 'switched off', 'quiet', 3);
  const rank = setting(policy, 'shadow') === true ? 4 : RANK[level] ?? 5;
  const calm = rank === 5 && performance.now() - view.badAt < LATELY ? 4 : rank;
  if (policy.state in STATES) {
    const [shape, tone] = STATES[policy.state];
    return said(shape, words(policy.state).replace('half ', 'half-'), tone, calm);
  }
  if (level === 'rejects') return said('✕', 'rejects', 'bad', calm);
  if (level === 'spent') return said('▲', policy.kind === 'bulkhead' ? 'full' : 'spent', 'warn', calm);
  if (level === 'recovers') return said('◐', 'recovers', 'warn', calm);
  if (calm === 4) return said('▲', 'failures lately', 'warn', calm);
  return said('●', policy.state ? words(policy.state) : 'on', 'good', calm);
}

// ---- rates, from what was counted before

function remember(view, policy, at) {
  const values = new Map(policy.counts.map(count => [count.name, count.value]));
  const before = view.samples.at(-1);
  view.policy = policy;
  if (before) {
    for (const [key, value] of values) {
      // To zero it falls in a reset, and that is no level.
      if (value < before.values.get(key) && value > 0) view.fallen.add(key);
    }
    const grown = count => isLevel(view, count) || isTime(count) ? 0
      : Math.max(0, count.value - (before.values.get(count.name) ?? count.value));
    const sum = counts => counts.reduce((sum, count) => sum + grown(count), 0);
    const calls = callsOf(policy), all = calls.length ? calls : policy.counts;
    const bad = sum(all.filter(count => BAD.has(count.name)));
    const dt = (at - before.at) / 1000;
    view.line.push({ at, dt, all: sum(all) / dt, bad: bad / dt });
    if (bad > 0) view.badAt = at;
  }
  view.samples.push({ at, values });
  while (view.samples.length > 2 && at - view.samples[1].at >= RATE_OVER) view.samples.shift();
  while (view.line.length && at - view.line[0].at > LINE_OVER) view.line.shift();
}

// By how much a count grew over the last seconds, and in one of them; nothing before there are two samples.
function growth(view, count) {
  const [first, last] = [view.samples[0], view.samples.at(-1)];
  if (first === last) return null;
  const now = last.values.get(count.name);
  const by = Math.max(0, now - (first.values.get(count.name) ?? now));
  return { by, rate: by / ((last.at - first.at) / 1000) };
}
