import { SvelteMap } from 'svelte/reactivity';
import type { Attachment } from '../api/shapes';

/** What was written and not yet sent, by ticket. Survives a reload; nobody else's change touches it. */

export interface Draft {
  text: string;
  attachments: Attachment[];
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
    if (draft.text === '' && draft.attachments.length === 0) this.#all.delete(ticketId);
    else this.#all.set(ticketId, draft);
    this.#store();
  }

  clear(ticketId: string) {
    this.#all.delete(ticketId);
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
