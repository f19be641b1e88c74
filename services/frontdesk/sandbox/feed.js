// What happened outside, from the beginning and live. The browser names the last number it saw after a break.

const happenings = [];
const listeners = new Set();
let last = 0;
let soon = 0;

/** Calls back with everything that happened, now and whenever something happens. */
export function follow(listener) {
  listeners.add(listener);
  listener(happenings);
}

/** History comes as a burst: drawn once. */
function tell() {
  cancelAnimationFrame(soon);
  soon = requestAnimationFrame(() => listeners.forEach((listener) => listener(happenings)));
}

export function connect() {
  const source = new EventSource('/sandbox/api/events');
  source.onmessage = (event) => {
    const number = Number(event.lastEventId);
    if (number <= last) return;
    last = number;
    happenings.push(JSON.parse(event.data));
    tell();
  };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  };
}

/** Posts JSON; answers what to tell the user when it did not work. */
export async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.ok) return null;
    const problem = await response.json().catch(() => ({}));
    return problem.detail ?? `Refused (${response.status}).`;
  } catch {
    return 'Frontdesk cannot be reached. Is it running?';
  }
}

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });

export function when(iso) {
  const moment = new Date(iso);
  const today = new Date().toDateString() === moment.toDateString();
  return today ? clock.format(moment) : `${day.format(moment)}, ${clock.format(moment)}`;
}

/** An element with a class and a text. */
export function element(name, className, text = '') {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/** A field whose value outlives the page. */
export function remembered(field, key, fallback, onchange) {
  field.value = localStorage.getItem(key) ?? fallback;
  field.addEventListener('input', () => {
    localStorage.setItem(key, field.value);
    onchange();
  });
}

export function options(select, values) {
  select.replaceChildren(...values.map((value) => new Option(value, value)));
  select.disabled = values.length < 2;
}
