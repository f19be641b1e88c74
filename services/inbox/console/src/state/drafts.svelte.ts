import { SvelteMap } from 'svelte/reactivity';
import type { Attachment } from '../api/shapes';
import type { NamedAddress } from '../text/addresses';

/** What was written and not yet sent, by ticket. Survives a reload; nobody else's change touches it. */

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
}

const KEY = 'frontdesk.drafts';
const empty: Draft = { text: '', attachments: [] };

class Drafts {
  #all = new SvelteMap<string, Draft>(stored());

  of(ticketId: string): Draft {
    return this.#all.get(ticketId) ?? empty;
  }

  write(ticketId: string, change: Partial<Draft>) {
    const draft = { ...this.of(ticketId), ...change };
    if (draft.text === '' && draft.attachments.length === 0 && !draft.mail && !draft.note) this.#all.delete(ticketId);
    else this.#all.set(ticketId, draft);
    this.#store();
  }

  /** The answer is on its way; a note that was begun stays. */
  clear(ticketId: string) {
    const { note } = this.of(ticketId);
    this.#all.delete(ticketId);
    if (note) this.#all.set(ticketId, { ...empty, note });
    this.#store();
  }

  #store() {
    try {
      localStorage.setItem(KEY, JSON.stringify([...this.#all].slice(-50)));
    } catch {
      // A full or forbidden store costs the survival of a reload, nothing more.
    }
  }
}

function stored(): [string, Draft][] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]') as [string, Draft][];
  } catch {
    return [];
  }
}

export const drafts = new Drafts();
