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
