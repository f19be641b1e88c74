// A phone that texts with the organisation's number.

import { element, follow, options, post, remembered, when } from './feed.js';

const PAUSE = 15 * 60_000;
const number = document.getElementById('number');
const deskNumber = document.getElementById('desk-number');
const list = document.getElementById('texts');
const form = document.getElementById('write-text');
const words = document.getElementById('text');
const problem = document.getElementById('text-problem');
let texts = [];
let waiting = [];

/** As carriers write it: +15550107788. */
const plain = (text) => text.replace(/[\s().-]/g, '').replace(/^00/, '+');

export function start(numbers) {
  options(deskNumber, numbers);
  remembered(number, 'sandbox.number', '+1 555 010 7788', draw);
  deskNumber.addEventListener('change', draw);
  follow((happenings) => {
    texts = happenings.filter((happening) => happening.kind === 'text');
    offerNumbers();
    draw();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = words.value;
    words.value = '';
    send(text);
  });
  words.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  for (const button of document.querySelectorAll('[data-word]')) button.addEventListener('click', () => send(button.dataset.word));
}

async function send(text) {
  const entry = { from: plain(number.value), to: deskNumber.value, text, at: new Date().toISOString() };
  waiting = [...waiting, entry];
  draw();
  const refused = await post('/sandbox/api/texts', entry);
  waiting = waiting.filter((other) => other !== entry);
  problem.textContent = refused ?? '';
  if (refused && words.value === '') words.value = text;
  draw();
}

function offerNumbers() {
  const known = [...new Set(texts.map((text) => (text.outbound ? text.to : text.from)))];
  document.getElementById('numbers').replaceChildren(...known.map((value) => new Option(value, value)));
}

function draw() {
  const mine = plain(number.value);
  const desk = deskNumber.value;
  const shown = texts
    .filter((text) => (text.outbound ? text.to === mine && text.from === desk : text.from === mine && text.to === desk))
    .sort((a, b) => a.at.localeCompare(b.at));
  const pending = waiting.filter((text) => text.from === mine && text.to === desk);
  const lines = [];
  let before = 0;
  for (const text of [...shown, ...pending]) {
    const at = Date.parse(text.at);
    if (at - before > PAUSE) lines.push(element('time', '', when(text.at)));
    before = at;
    lines.push(element('p', `${text.outbound ? 'desk' : 'mine'}${pending.includes(text) ? ' waiting' : ''}`, text.text));
  }
  list.replaceChildren(...lines);
  list.scrollTop = list.scrollHeight;
}
