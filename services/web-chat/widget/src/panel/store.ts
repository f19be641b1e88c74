// What the browser keeps over a reload: in the frame's own storage, which browsers keep apart for every site around it;
// where that is forbidden, on the page around; else as long as the page lives. There are no cookies.

import type { Branding, Form, Visitor } from './protocol';
import type { Draft, Unsent } from './thread';

export interface Shelf {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  keys(): string[];
}

/** `null` where storage is forbidden. */
export function browserShelf(): Shelf | null {
  try {
    const storage = window.localStorage;
    const probe = 'frontdesk:probe';
    storage.setItem(probe, '1');
    storage.removeItem(probe);
    return {
      getItem: (key) => storage.getItem(key),
      setItem: (key, value) => storage.setItem(key, value),
      removeItem: (key) => storage.removeItem(key),
      keys: () => Object.keys(storage),
    };
  } catch {
    return null;
  }
}

/** Kept here, and told to whoever may keep it longer. */
export function memoryShelf(given: Record<string, string> = {}, onchange: (key: string, value: string | null) => void = () => {}): Shelf {
  const kept = new Map(Object.entries(given));
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => {
      kept.set(key, value);
      onchange(key, value);
    },
    removeItem: (key) => {
      kept.delete(key);
      onchange(key, null);
    },
    keys: () => [...kept.keys()],
  };
}

interface Notes {
  resume: string;
  visitor: Visitor;
  seen: number;
  asked: boolean;
  form: Form;
  branding: Branding;
  languages: string[];
  draft: Draft;
  /** The conversation that was rated, by the number of its newest message. */
  rated: number;
}

const NOTES: (keyof Notes)[] = ['resume', 'visitor', 'seen', 'asked', 'form', 'draft', 'rated'];

/** Each note under a key of its own, so that two tabs do not overwrite one another's. */
export class Store {
  readonly #prefix: string;

  constructor(
    private readonly shelf: Shelf,
    site: string,
  ) {
    this.#prefix = `frontdesk:${site}:`;
  }

  get<K extends keyof Notes>(name: K): Notes[K] | undefined {
    return this.#read(this.#prefix + name) as Notes[K] | undefined;
  }

  set<K extends keyof Notes>(name: K, value: Notes[K] | undefined): void {
    this.#write(this.#prefix + name, value);
  }

  unsent(): Unsent[] {
    const prefix = `${this.#prefix}unsent:`;
    const found = this.shelf.keys().filter((key) => key.startsWith(prefix));
    const read = found.map((key) => this.#read(key) as Partial<Unsent> | undefined);
    return read.filter(isUnsent).sort((a, b) => a.at - b.at);
  }

  keepUnsent(unsent: Unsent): void {
    this.#write(`${this.#prefix}unsent:${unsent.client_id}`, unsent);
  }

  dropUnsent(client_id: string): void {
    this.#write(`${this.#prefix}unsent:${client_id}`, undefined);
  }

  /** Everything about the visitor; not what the organisation looks like. */
  clear(): void {
    for (const name of NOTES) this.set(name, undefined);
    for (const unsent of this.unsent()) this.dropUnsent(unsent.client_id);
  }

  #read(key: string): unknown {
    try {
      return JSON.parse(this.shelf.getItem(key) ?? 'null') ?? undefined;
    } catch {
      return undefined;
    }
  }

  #write(key: string, value: unknown): void {
    try {
      if (value === undefined) this.shelf.removeItem(key);
      else this.shelf.setItem(key, JSON.stringify(value));
    } catch {
      // Full: the conversation goes on, only a reload would lose this note.
    }
  }
}

const isUnsent = (value: Partial<Unsent> | undefined): value is Unsent =>
  typeof value?.client_id === 'string' && typeof value.text === 'string' && typeof value.at === 'number';
