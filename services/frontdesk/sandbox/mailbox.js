// A mailbox that writes to the organisation and shows what it answers, by thread.

import { element, follow, options, post, remembered, when } from './feed.js';

const address = document.getElementById('address');
const deskMailbox = document.getElementById('desk-mailbox');
const box = document.getElementById('mails');
const form = document.getElementById('write-mail');
const subject = document.getElementById('subject');
const words = document.getElementById('mail-text');
const note = document.getElementById('answering');
const problem = document.getElementById('mail-problem');
let mails = [];
let answered = null;
/** Threads opened or closed by hand, by the id of their first mail. */
const toggled = new Map();

export function start(mailboxes) {
  options(deskMailbox, mailboxes);
  remembered(address, 'sandbox.address', 'anna.kowalska@example.com', draw);
  follow((happenings) => {
    mails = happenings.filter((happening) => happening.kind === 'mail');
    draw();
  });
  note.querySelector('button').addEventListener('click', () => answer(null));
  form.addEventListener('submit', send);
}

async function send(event) {
  event.preventDefault();
  const button = form.querySelector('.primary');
  button.disabled = true;
  const refused = await post('/sandbox/api/mails', {
    from: address.value.trim(),
    to: deskMailbox.value,
    subject: subject.value,
    text: words.value,
    in_reply_to: answered?.id,
  });
  button.disabled = false;
  problem.textContent = refused ?? '';
  if (refused) return;
  words.value = '';
  answer(null);
}

/** The next mail answers this one, or begins a thread. */
function answer(mail) {
  answered = mail;
  note.hidden = !mail;
  if (mail) {
    note.querySelector('span').textContent = `Answering ${mail.from_name ?? mail.from}`;
    deskMailbox.value = mail.outbound ? mail.from : mail.to;
    words.focus();
  }
  subject.value = mail ? (/^re:/i.test(mail.subject) ? mail.subject : `Re: ${mail.subject}`) : '';
}

/** Mails hang together by the ids they answer, never by their subject alone. */
function threads(all) {
  const threadOf = new Map();
  const found = [];
  for (const mail of all) {
    const known = [...mail.in_reply_to, ...mail.references].map((id) => threadOf.get(id)).find(Boolean);
    const thread = known ?? [];
    if (!known) found.push(thread);
    thread.push(mail);
    threadOf.set(mail.id, thread);
  }
  return found.sort((a, b) => b.at(-1).at.localeCompare(a.at(-1).at));
}

function draw() {
  const mine = address.value.trim().toLowerCase();
  const shown = mails.filter((mail) => (mail.outbound ? mail.to : mail.from) === mine).sort((a, b) => a.at.localeCompare(b.at));
  box.replaceChildren(...threads(shown).map(drawThread));
}

function drawThread(thread, index) {
  const key = thread[0].id;
  const newest = thread.at(-1);
  const details = element('details');
  details.open = toggled.get(key) ?? index === 0;
  const summary = element('summary');
  summary.addEventListener('click', () => toggled.set(key, !details.open));
  const time = element('time', '', when(newest.at));
  const count = thread.length > 1 ? [element('span', 'count', String(thread.length))] : [];
  summary.append(element('span', 'subject', newest.subject || '(no subject)'), ...count, time);
  details.append(summary, ...thread.map((mail) => drawMail(mail, mail === newest)));
  return details;
}

function drawMail(mail, isNewest) {
  const article = element('article', `mail ${mail.outbound ? 'desk' : ''}`);
  const head = element('header');
  head.append(element('b', '', mail.outbound ? (mail.from_name ?? mail.from) : 'You'), element('time', '', when(mail.at)));
  article.append(head, element('div', 'text', mail.text));
  if (mail.files.length > 0) article.append(element('p', 'files', `Attached: ${mail.files.join(', ')}`));
  if (isNewest) {
    const button = element('button', 'reply', 'Reply');
    button.type = 'button';
    button.addEventListener('click', () => answer(mail));
    article.append(button);
  }
  return article;
}
