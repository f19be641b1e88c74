import { connect } from './feed.js';
import * as mailbox from './mailbox.js';
import * as phone from './phone.js';

const places = await (await fetch('/sandbox/api/places')).json();
phone.start(places.numbers);
mailbox.start(places.mailboxes);
for (const [name, used] of [['phone', places.numbers.length], ['mailbox', places.mailboxes.length]]) {
  document.querySelector(`.${name}`).hidden = used === 0;
}
connect();
