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
