'use strict';

// Asks for `data.json` once a second and shows it. Names come from programs: they are only ever set as text.

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

// ---- the DOM

function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

function make(tag, value, className) {
  const element = document.createElement(tag);
  if (value !== undefined) element.textContent = value;
  if (className) element.className = className;
  return element;
}

function draw(parent, tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
}

// Puts children in order. Only what is in the wrong place is moved, and the focus stays where it was.
function arrange(parent, children) {
  const focused = document.activeElement;
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  children.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}

// Writes rows of texts, into the elements that are there already where these are enough.
function fill(parent, lines, row) {
  while (parent.children.length > lines.length) parent.lastChild.remove();
  lines.forEach((line, index) => {
    if (!parent.children[index]) parent.append(row());
    const cells = parent.children[index].children;
    line.forEach((value, cell) => text(cells[cell], value));
  });
}

const cellsOf = (tag, ...cells) => () => {
  const row = make(tag);
  row.append(...cells.map(cell => make(cell)));
  if (cells[0] === 'th') row.firstChild.scope = 'row';
  return row;
};

// ---- a card

function newView() {
  const card = $('card').content.firstElementChild.cloneNode(true);
  const find = selector => card.querySelector(selector);
  return { card, find, policy: null, samples: [], line: [], fallen: new Set(), badAt: -Infinity, told: null };
}

function showCard(view) {
  const { policy, card, find } = view;
  const { shape, word, tone } = view.standing;
  const off = setting(policy, 'enabled') === false, shadow = setting(policy, 'shadow') === true;
  const byHand = isByHand(policy), forcedOpen = policy.state === 'forced_open';
  const edge = forcedOpen ? 'rejects' : byHand ? 'by-hand' : off || shadow ? '' : policy.trouble?.level ?? '';
  card.className = `card ${edge}`;
  text(find('.name'), policy.name);
  const marks = [setting(policy, 'critical') === true && 'critical', off && byHand && 'switched off otherwise',
    shadow && (forcedOpen ? 'in shadow otherwise' : 'in shadow: lets calls pass')];
  text(find('.kind'), [words(policy.kind), ...marks.filter(Boolean)].join(', '));
  find('.state').className = `state ${tone}`;
  text(find('.shape'), shape);
  text(find('.word'), word);
  text(find('.why'), policy.trouble ? `${title(policy.trouble.why)}.` : '');
  fill(find('.facts'), facts(view), cellsOf('div', 'dt', 'dd'));
  showShares(view);
  showLine(view);
  fill(find('.counts tbody'), policy.counts.map(count => {
    const grown = isLevel(view, count) ? null : growth(view, count);
    return [nameOf(count), inUnits(count, count.value), grown ? inUnits(count, grown.rate) : '–'];
  }), cellsOf('tr', 'th', 'td', 'td'));
  find('.counts').hidden = policy.counts.length === 0;
  fill(find('.settings dl'), policy.settings.map(({ key, value }) =>
    [key, value === true ? 'yes' : value === false ? 'no' : String(value)]), cellsOf('div', 'dt', 'dd'));
  const own = data.events.filter(event => event.policy === policy.name && event.kind === policy.kind);
  find('.own').hidden = own.length === 0;
  text(find('.own summary'), `Recent events (${own.length})`);
  fill(find('.own ul'), own.slice(0, 8).map(event => [when(event), ` ${said(event)}`]), cellsOf('li', 'strong', 'span'));
  showControls(view);
}

// The first two are what one looks for; the others are what the policy counts, in its order.
function facts(view) {
  const { policy } = view, facts = [], outcomes = outcomesOf(policy);
  const rate = count => growth(view, count)?.rate ?? 0;
  const sum = counts => counts.reduce((sum, count) => sum + rate(count), 0);
  const ends = callsOf(policy), all = sum(ends);
  if (ends.length) facts.push(['calls per second', number(all)]);
  if (outcomes.length) {
    facts.push(['errors', all ? percent(sum(outcomes.filter(count => BAD.has(count.name))) / all) : '–']);
  }
  const calls = named(policy, 'calls')?.value, failures = named(policy, 'failures')?.value;
  if (policy.kind === 'circuit_breaker' && calls !== undefined)
    facts.push(['failures in window', calls ? `${number(failures)} of ${number(calls)}` : '–']);
  const running = named(policy, 'running'), limit = named(policy, 'limit');
  if (running && limit) facts.push(['running', `${number(running.value)} of ${number(limit.value)}`]);
  for (const count of policy.counts) {
    const { name, value } = count;
    // What is in the bar or was said above is in the table as well.
    if (name !== 'rejected' && ends.includes(count) || name.startsWith('ended_')) continue;
    if (policy.kind === 'circuit_breaker' && isWindow(policy, count) && (name !== 'slow' || value === 0)) continue;
    if (running && limit && (count === running || count === limit)) continue;
    if (value === 0 && RARE.has(name)) continue;
    if (name === 'opened') facts.push(['times opened', number(value)]);
    else if (isWindow(policy, count)) facts.push([`${words(name)} in window`, number(value)]);
    else if (isLevel(view, count)) facts.push([nameOf(count), inUnits(count, value)]);
    else if (!isTime(count)) facts.push([`${nameOf(count)} per second`, number(rate(count))]);
  }
  return facts;
}

function showShares(view) {
  const parts = outcomesOf(view.policy).map(count => ({ count, by: growth(view, count)?.by ?? 0 })).filter(part => part.by > 0);
  const all = parts.reduce((sum, part) => sum + part.by, 0);
  view.find('.shares').hidden = all === 0;
  const bar = view.find('.bar');
  bar.replaceChildren();
  let x = 0;
  for (const { count, by } of parts) {
    const place = { x: `${100 * x / all}%`, width: `${100 * by / all}%`, height: '100%' };
    draw(bar, 'rect', { ...place, class: BAD.has(count.name) ? 'bad-fill' : GOOD.has(count.name) ? 'good-fill' : 'mid-fill' });
    if (!GOOD.has(count.name)) draw(bar, 'rect', { ...place, fill: 'url(#stripes)' });
    x += by;
  }
  fill(view.find('.legend'), parts.map(({ count, by }) => [`${words(count.name)} ${percent(by / all)}`]), cellsOf('li', 'span'));
}

function showLine(view) {
  const { line, find } = view, now = view.samples.at(-1).at;
  const most = line.reduce((most, point) => Math.max(most, point.all, point.bad), 0);
  const counted = view.policy.counts.some(count => !isLevel(view, count) && !isTime(count));
  find('.line').hidden = !counted;
  if (!counted) return;
  // A short one is drawn long, so that there is something to see from the start.
  const over = Math.max(LINE_FROM, line.length ? now - line[0].at : 0);
  const path = of => line.map((point, index) => {
    const x = (100 - 100 * (now - point.at) / over).toFixed(1), y = (38 - 34 * of(point) / (most || 1)).toFixed(1);
    // Where nobody asked for a while there is a gap.
    return `${index === 0 || point.dt > 5 ? 'M' : 'L'}${x} ${y}`;
  }).join('');
  const what = callsOf(view.policy).length ? 'calls' : 'all that it counts,';
  const failed = line.some(point => point.bad > 0);
  const caption = `${what} per second in the last ${duration(Math.round(over / 1000))}, ${number(most)} at most${failed ? '; dashed: failed or rejected' : ''}`;
  const svg = find('.line svg');
  svg.setAttribute('viewBox', '0 0 100 40');
  svg.setAttribute('aria-label', `Line: ${caption}`);
  svg.replaceChildren();
  draw(svg, 'path', { d: path(point => point.all) });
  if (failed) draw(svg, 'path', { d: path(point => point.bad), class: 'bad' });
  text(find('figcaption'), title(caption));
}

const STEERS = [
  ['force_open', 'Force open', 'It rejects every call from then on, until somebody resets it.'],
  ['force_closed', 'Force closed', 'It lets every call pass from then on, until somebody resets it.'],
  ['reset', 'Reset', 'It begins anew: what it has learnt, and what it was forced to, is gone.'],
];

function showControls(view) {
  const controls = view.find('.controls');
  const wanted = data.controls && view.policy.steered;
  if (!wanted) return controls.replaceChildren();
  if (controls.children.length) return;
  controls.setAttribute('aria-label', `Steer ${words(view.policy.kind)} ${view.policy.name}`);
  controls.append(...STEERS.map(([steer, label, effect]) => {
    const button = make('button', label);
    button.type = 'button';
    button.dataset.steer = steer;
    button.addEventListener('click', () => confirm(view.policy, steer, label, effect));
    return button;
  }));
}

// ---- all of them

function showPolicies() {
  const name = $('by-name').value.trim().toLowerCase(), kind = $('by-kind').value, state = $('by-state').value;
  const fits = ({ policy, standing }) => policy.name.toLowerCase().includes(name) && (!kind || policy.kind === kind)
    && (!state || (state === 'attention' ? standing.rank < 5 : standing.word === state));
  const all = [...views.values()];
  const critical = view => setting(view.policy, 'critical') === true ? 0 : 1;
  const shown = all.filter(fits).sort((a, b) => a.standing.rank - b.standing.rank || critical(a) - critical(b)
    || a.policy.name.localeCompare(b.policy.name) || a.policy.kind.localeCompare(b.policy.kind));
  shown.forEach(showCard);
  arrange($('policies'), shown.map(view => view.card));
  options($('by-kind'), all.map(view => view.policy.kind));
  options($('by-state'), all.map(view => view.standing.word));
  text($('shown'), shown.length === all.length ? `${all.length}` : `${shown.length} of ${all.length}`);
  $('empty').hidden = shown.length > 0;
  $('show-all').hidden = all.length === 0;
  text($('empty-text'), all.length ? 'No policy is like that.' : 'This program has no policies. Those of attributes are '
    + 'listed from its start, where the linker can gather them; others once they are registered.');
}

// What was chosen stays, even when nothing is like that any more.
function options(select, values) {
  const there = new Set([...select.options].map(option => option.value));
  for (const value of [...new Set(values)].sort()) if (!there.has(value)) select.add(new Option(words(value), value));
}

const when = event => event.age < 1.5 ? 'now' : `${duration(Math.round(event.age))} ago`;
const said = event => event.times > 1 ? `${event.text} (${whole.format(event.times)} times)` : event.text;

function showEvents() {
  const name = $('by-name').value.trim().toLowerCase(), kind = $('by-kind').value;
  const events = data.events.filter(event => event.policy.toLowerCase().includes(name) && (!kind || event.kind === kind));
  const numbers = new Set(events.map(event => event.number));
  for (const number of rows.keys()) if (!numbers.has(number)) rows.delete(number);
  arrange($('events'), events.map(event => {
    if (!rows.has(event.number)) rows.set(event.number, cellsOf('tr', 'td', 'td')());
    const row = rows.get(event.number);
    text(row.children[0], when(event));
    text(row.children[1], said(event));
    return row;
  }));
  $('no-events').hidden = events.length > 0;
  text($('no-events'), data.events.length ? 'None of these policies.' : 'None yet. Calls that succeed at once make no events.');
  document.querySelector('.scroll').hidden = events.length === 0;
}

const HEALTH = { up: ['●', 'good'], degraded: ['▲', 'warn'], down: ['✕', 'bad'] };

function showHealth() {
  const { status, reasons } = data.health, [shape, tone] = HEALTH[status];
  $('health').className = `health ${tone}`;
  text($('health'), `${shape} ${status}`);
  const lines = reasons.slice(0, 5).map(reason => [`${HEALTH[reason.status][0]} ${words(reason.kind)} ${reason.policy} ${reason.why}`]);
  if (reasons.length > 5) lines.push([`and ${reasons.length - 5} more`]);
  fill($('reasons'), lines, cellsOf('li', 'span'));
  $('reasons').hidden = reasons.length === 0;
  text($('title'), data.title ? `Policies of ${data.title}` : 'Policies');
  const name = `${status === 'up' ? '' : `${shape} ${status}: `}${$('title').textContent}`;
  if (document.title !== name) document.title = name;
}

function show() {
  showHealth();
  showPolicies();
  showEvents();
}

// Read out once, and there to read.
function tell(messages) {
  const few = messages.slice(0, 3);
  if (messages.length > 3) few.push(`and ${messages.length - 3} more`);
  if (few.length) $('told').textContent = `${clock(Date.now())} ${few.join('; ')}`;
}

function take(answer) {
  const at = performance.now(), changes = [];
  if (process !== answer.process) {
    if (process !== null) changes.push('Another process answers: counts begin anew');
    views.clear();
    rows.clear();
    process = answer.process;
  }
  data = answer;
  receivedAt = at;
  const ids = new Set(answer.policies.map(policy => policy.id));
  for (const id of views.keys()) if (!ids.has(id)) views.delete(id);
  for (const policy of answer.policies) {
    if (!views.has(policy.id)) views.set(policy.id, newView());
    const view = views.get(policy.id);
    remember(view, policy, at);
    view.standing = standing(view);
    if (view.told !== null && view.told !== view.standing.word)
      changes.push(`${words(policy.kind)} ${policy.name}: ${view.standing.word}, was ${view.told}`);
    view.told = view.standing.word;
  }
  tell(changes);
  show();
}

// ---- asking

function showConnection() {
  const old = data && `Data of ${clock(data.now)}`, age = duration(Math.round((performance.now() - receivedAt) / 1000));
  $('connection').classList.toggle('lost', lost !== null);
  document.querySelector('main').classList.toggle('stale', lost !== null);
  text($('connection'), lost !== null ? `▲ ${lost}. ${old ? `${old}, ${age} old.` : 'There are no data yet.'} Asking again.`
    : !data ? 'Asking for the policies …' : paused ? `Paused. ${old}, ${age} old.` : `Live. ${old}.`);
}

async function ask() {
  clearTimeout(timer);
  if (asking || paused || document.hidden) return;
  asking = true;
  try {
    const response = await fetch(`${base}data.json`, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    if (!response.ok) throw new Error(`The server answers ${response.status}`);
    const answer = await response.json();
    if (lost !== null) tell(['Connected again']);
    lost = null;
    // What comes after the pause began is not shown.
    if (!paused) take(answer);
  } catch (error) {
    const why = error.message.startsWith('The server') ? error.message : 'Connection lost';
    if (lost !== why) tell([why]);
    lost = why;
  }
  asking = false;
  showConnection();
  timer = setTimeout(ask, POLL);
}

async function steer(policy, steer, label) {
  const what = `${label}: ${words(policy.kind)} ${policy.name}`;
  try {
    const response = await fetch(`${base}steer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-steadfast': 'steer' },
      body: JSON.stringify({ policy: policy.id, steer }),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const answer = await response.json().catch(() => ({}));
    tell([response.ok ? `${what}: done` : `${what}: not done, ${answer.error ?? `the server answers ${response.status}`}`]);
  } catch {
    tell([`${what}: no answer, so look whether it was done`]);
  }
  ask();
}

function confirm(policy, how, label, effect) {
  text($('confirm-title'), `${label}?`);
  text($('confirm-text'), `${title(words(policy.kind))} ${policy.name}. ${effect}`);
  text($('yes'), label);
  $('yes').onclick = () => {
    $('confirm').close();
    steer(policy, how, label);
  };
  $('confirm').showModal();
}

$('no').addEventListener('click', () => $('confirm').close());
$('pause').addEventListener('click', () => {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', paused);
  showConnection();
  ask();
});
$('show-all').addEventListener('click', () => {
  for (const id of ['by-name', 'by-kind', 'by-state']) $(id).value = '';
  show();
  $('policies').focus();
});
for (const id of ['by-name', 'by-kind', 'by-state']) $(id).addEventListener('input', () => data && show());
document.addEventListener('visibilitychange', ask);
setInterval(showConnection, 1_000);
ask();
