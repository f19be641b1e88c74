import { SvelteMap } from 'svelte/reactivity';
import { drafts as api } from '../api/calls';
import { Problem, reason } from '../api/client';
import type { Attachment, Draft as Kept } from '../api/shapes';
import type { NamedAddress } from '../text/addresses';

/**
 * What was written and not yet sent, by ticket. It is kept on the server, there on every device, and nobody else's change
 * touches it; what the server does not have yet survives a reload here, for its writer alone.
 */

export interface Draft {
  text: string;
  attachments: Attachment[];
  /** To whom a mail goes, where that was changed. */
  mail?: MailDraft;
  /** A note to colleagues. */
  note?: string;
}

export interface MailDraft {
  to: NamedAddress[];
  cc: NamedAddress[];
  bcc: NamedAddress[];
  subject: string;
  without_signature: boolean;
}

interface Local {
  draft: Draft;
  /** The server's version it was written on. */
  version: number;
  /** The server does not have it yet. */
  dirty: boolean;
}

/** An answer that is not yet accepted: a reload brings it back as a draft. */
interface Leaving {
  ticketId: string;
  /** The version of the draft that it was: the server has it there until it accepts the answer. */
  version: number;
  text: string;
  attachments: Attachment[];
  mail?: MailDraft | undefined;
}

/** With the user behind it. By itself it is where an older console kept everybody's. */
const KEY = 'frontdesk.drafts';
/** How long somebody rests before what they typed goes to the server. */
const REST = 600;
/** How soon a save that failed is tried again. */
const AGAIN = 5000;
const empty: Draft = { text: '', attachments: [] };
const isEmpty = (draft: Draft) => draft.text === '' && draft.attachments.length === 0 && !draft.mail && !draft.note;

class Drafts {
  /** What another device had written, which a save from here took the place of. */
  replaced = new SvelteMap<string, Kept>();
  /** Why the server does not keep a draft as it is. */
  refused = new SvelteMap<string, string>();

  /** Where this browser keeps them; empty while nobody is signed in. */
  #key = '';
  #all = new SvelteMap<string, Local>();
  /** Tickets with a draft that was not opened here. */
  #elsewhere = new SvelteMap<string, number>();
  #leaving = new Map<string, Leaving>();
  /** Up to which version the answer of a draft was sent. */
  #sent = new Map<string, number>();
  #rests = new Map<string, ReturnType<typeof setTimeout>>();
  #saving = new Map<string, Promise<void>>();

  /** Somebody is signed in: what they wrote in this browser is there again, and nobody else's. */
  begin(userId: string) {
    const key = `${KEY}.${userId}`;
    if (key === this.#key) return;
    this.end();
    this.#key = key;
    for (const [ticketId, local] of stored(key)) this.#all.set(ticketId, local);
  }

  /** They are signed out: only what the server does not have stays behind in this browser. */
  end() {
    this.#store((local) => local.dirty);
    this.#key = '';
    for (const rest of this.#rests.values()) clearTimeout(rest);
    for (const of of [this.#all, this.#elsewhere, this.#leaving, this.#sent, this.#rests, this.#saving]) of.clear();
    this.replaced.clear();
    this.refused.clear();
  }

  of(ticketId: string): Draft {
    return this.#all.get(ticketId)?.draft ?? empty;
  }

  /** Whether something was written there, here or on another device. */
  has(ticketId: string): boolean {
    const here = this.#all.get(ticketId);
    return here ? !isEmpty(here.draft) : this.#elsewhere.has(ticketId);
  }

  write(ticketId: string, change: Partial<Draft>) {
    const version = this.#all.get(ticketId)?.version ?? 0;
    this.#set(ticketId, { draft: { ...this.of(ticketId), ...change }, version, dirty: true });
    this.#soon(ticketId, REST);
  }

  /** The answer is on its way; a note that was begun stays. The server lets go of the answer itself when it accepts it. */
  clear(ticketId: string) {
    const here = this.#all.get(ticketId);
    const { note } = this.of(ticketId);
    clearTimeout(this.#rests.get(ticketId));
    const dirty = !!here?.dirty && note !== undefined;
    this.#set(ticketId, { draft: note ? { ...empty, note } : empty, version: here?.version ?? 0, dirty });
    if (dirty) this.#soon(ticketId, REST);
  }

  /** Until it is released, a reload brings this answer back, and nothing else does. */
  hold(key: string, answer: Leaving) {
    this.#leaving.set(key, answer);
    this.#store();
  }

  /** The answer was accepted, or its words are a draft again. */
  release(key: string, accepted = false) {
    const answer = this.#leaving.get(key);
    if (answer && accepted) this.#sent.set(answer.ticketId, Math.max(answer.version, this.#sent.get(answer.ticketId) ?? 0));
    this.#leaving.delete(key);
    this.#store();
  }

  /** Once no save is on its way: the version the server has. */
  async settled(ticketId: string): Promise<number> {
    await this.#saving.get(ticketId);
    return this.#all.get(ticketId)?.version ?? 0;
  }

  /** Brings what is here to the server at once; answers the version it has there. Without a line, what it had. */
  async flush(ticketId: string): Promise<number> {
    clearTimeout(this.#rests.get(ticketId));
    await this.#saving.get(ticketId);
    if (this.#all.get(ticketId)?.dirty) await this.#save(ticketId);
    return this.#all.get(ticketId)?.version ?? 0;
  }

  /** Brings everything to the server. */
  async flushAll() {
    await Promise.all([...this.#all.keys()].map((ticketId) => this.flush(ticketId)));
  }

  /**
   * An answer becomes the draft again, in front of what was typed since. No save goes to the server meanwhile: it would
   * take the place of the answer.
   */
  async takeBack(ticketId: string, undo: () => Promise<Kept>) {
    await this.flush(ticketId);
    const before = this.of(ticketId);
    const taken = undo().then((kept) => this.#rejoin(kept, before));
    const done = taken.catch(() => {}).finally(() => this.#saving.delete(ticketId));
    this.#saving.set(ticketId, done);
    await taken;
  }

  /** What the server has: shown here, unless something newer was written here, which then goes there. */
  async load(ticketId: string) {
    const kept = await api.show(ticketId).catch(() => null);
    const here = this.#all.get(ticketId);
    if (here?.dirty || this.#saving.has(ticketId)) return void this.flush(ticketId);
    if (kept) this.take(kept);
  }

  /** Shows a draft as the server has it. */
  take(kept: Kept) {
    if (kept.version < (this.#all.get(kept.ticket_id)?.version ?? 0) && kept.version > 0) return;
    const draft = draftOf(kept);
    const shown = this.#isLeaving(kept) ? { ...empty, ...(draft.note && { note: draft.note }) } : draft;
    this.#set(kept.ticket_id, { draft: shown, version: kept.version, dirty: false });
  }

  /** Which tickets have one, on any device. */
  async mark() {
    const marks = await api.list().catch(() => null);
    if (!marks) return;
    this.#elsewhere.clear();
    for (const { ticket_id, version } of marks) this.#elsewhere.set(ticket_id, version);
    for (const [ticketId, { dirty }] of this.#all) if (dirty) this.#soon(ticketId, 0);
  }

  /** The other device's words after all. */
  useReplaced(ticketId: string) {
    const other = this.replaced.get(ticketId);
    this.replaced.delete(ticketId);
    if (!other) return;
    const { mail: _mail, note: _note, ...rest } = this.of(ticketId);
    this.write(ticketId, { ...rest, ...draftOf(other) });
  }

  /** Whether its answer stands among those on their way, or was sent: shown here too, it could be sent twice. */
  #isLeaving({ ticket_id, version }: Kept): boolean {
    if (version === 0) return false;
    const leaving = [...this.#leaving.values()].filter((one) => one.ticketId === ticket_id);
    return [this.#sent.get(ticket_id) ?? 0, ...leaving.map((one) => one.version)].some((gone) => version <= gone);
  }

  /** `before` is what the server had put an answer in front of. */
  #rejoin(kept: Kept, before: Draft) {
    const here = this.#all.get(kept.ticket_id);
    if (!here?.dirty) return this.take(kept);
    this.#set(kept.ticket_id, { draft: rejoined(draftOf(kept), before, here.draft), version: kept.version, dirty: true });
    this.#soon(kept.ticket_id, REST);
  }

  #set(ticketId: string, local: Local) {
    this.#elsewhere.delete(ticketId);
    if (isEmpty(local.draft) && !local.dirty && local.version === 0) this.#all.delete(ticketId);
    else this.#all.set(ticketId, local);
    this.#store();
  }

  #soon(ticketId: string, after: number) {
    clearTimeout(this.#rests.get(ticketId));
    this.#rests.set(ticketId, setTimeout(() => void this.#save(ticketId), after));
  }

  /** One save of a ticket at a time: what was typed meanwhile goes with the next one. */
  async #save(ticketId: string): Promise<void> {
    const running = this.#saving.get(ticketId);
    if (running) {
      await running;
      if (this.#all.get(ticketId)?.dirty) return this.#save(ticketId);
      return;
    }
    const save = this.#put(ticketId).finally(() => this.#saving.delete(ticketId));
    this.#saving.set(ticketId, save);
    return save;
  }

  async #put(ticketId: string) {
    const local = this.#all.get(ticketId);
    if (!local?.dirty) return;
    const { draft, version } = local;
    const mine = this.#key;
    try {
      const { draft: kept, replaced } = await api.save(ticketId, bodyOf(draft, version));
      const now = this.#all.get(ticketId);
      if (!now || mine !== this.#key) return;
      this.#set(ticketId, { ...now, version: kept.version, dirty: now.dirty && now.draft !== draft });
      this.refused.delete(ticketId);
      if (replaced) this.replaced.set(ticketId, replaced);
    } catch (error) {
      if (mine !== this.#key) return;
      // A ticket that is gone, too many files: trying again would change nothing, so it is said.
      if (!(error instanceof Problem) || error.passing) this.#soon(ticketId, AGAIN);
      else this.refused.set(ticketId, reason(error));
    }
  }

  #store(worth = (local: Local) => local.dirty || !isEmpty(local.draft)) {
    if (!this.#key) return;
    const kept = new Map([...this.#all].filter(([, local]) => worth(local)));
    for (const { ticketId, text, attachments, mail } of this.#leaving.values()) {
      const { draft, version } = kept.get(ticketId) ?? { draft: empty, version: this.#all.get(ticketId)?.version ?? 0 };
      kept.set(ticketId, { draft: joined({ text, attachments, ...(mail && { mail }) }, draft), version, dirty: true });
    }
    try {
      if (kept.size > 0) localStorage.setItem(this.#key, JSON.stringify([...kept].slice(-50)));
      else localStorage.removeItem(this.#key);
    } catch {
      // A full or forbidden store costs the survival of a reload without a line, nothing more.
    }
  }
}

/** An answer in front of what was typed since. */
export function joined(answer: Draft, since: Draft): Draft {
  const mail = since.mail ?? answer.mail;
  return {
    ...since,
    text: [answer.text, since.text].filter(Boolean).join('\n'),
    attachments: [...answer.attachments, ...since.attachments],
    ...(mail && { mail }),
  };
}

/** The same where the answer stands in front of `before` already, which was written on since. */
export function rejoined(kept: Draft, before: Draft, since: Draft): Draft {
  const front = kept.text.endsWith(before.text) ? kept.text.slice(0, kept.text.length - before.text.length) : kept.text;
  const had = new Set([...before.attachments, ...since.attachments].map((file) => file.id));
  const answer = { ...kept, text: front.replace(/\n$/, ''), attachments: kept.attachments.filter((file) => !had.has(file.id)) };
  return joined(answer, since);
}

function draftOf({ text, attachments, mail, note }: Kept): Draft {
  return { text, attachments, ...(mail && { mail: mail as MailDraft }), ...(note && { note }) };
}

function bodyOf({ text, attachments, mail, note }: Draft, version: number) {
  return { text, attachments: attachments.map((file) => file.id), note: note ?? '', version, mail: mail ?? null };
}

function stored(key: string): [string, Local][] {
  try {
    // Whose drafts an older console left there is not known: nobody gets them. The server has its writer's.
    localStorage.removeItem(KEY);
    return JSON.parse(localStorage.getItem(key) ?? '[]') as [string, Local][];
  } catch {
    return [];
  }
}

export const drafts = new Drafts();
