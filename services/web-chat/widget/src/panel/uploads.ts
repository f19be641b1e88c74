// Files on their way up, before the message that brings them: at most a few, each with its progress.

import type { Attachment } from './protocol';

export const MOST_FILES = 5;
export const LARGEST = 10 * 1024 * 1024;

export interface Upload {
  key: string;
  file: Attachment;
  /** From 0 to 1; `null` once it is up. */
  progress: number | null;
}

/** Why a file is not taken. */
export type Refusal = { why: 'tooLarge' | 'refused' | 'failed'; name: string } | { why: 'tooMany' };

/** Puts a file up; the answer stops it. */
export type Put = (file: File, on: { progress(share: number): void; done(file: Attachment): void; failed(status: number): void }) => () => void;

export class Uploads {
  list: Upload[] = [];
  #stops = new Map<string, () => void>();
  #keys = 0;

  constructor(
    private readonly put: Put,
    private readonly onchange: (list: Upload[]) => void,
    private readonly onrefusal: (refusal: Refusal) => void,
    kept: readonly Attachment[] = [],
  ) {
    this.list = kept.map((file) => ({ key: this.#key(), file, progress: null }));
  }

  get busy(): boolean {
    return this.list.some((one) => one.progress !== null);
  }

  add(files: Iterable<File>): void {
    for (const file of files) {
      if (this.list.length >= MOST_FILES) return this.onrefusal({ why: 'tooMany' });
      if (file.size > LARGEST || file.size === 0) this.onrefusal({ why: file.size ? 'tooLarge' : 'refused', name: file.name });
      else this.#start(file);
    }
  }

  remove(key: string): void {
    this.#stops.get(key)?.();
    this.#stops.delete(key);
    this.#set(this.list.filter((one) => one.key !== key));
  }

  /** What is up, for a message; the list is empty afterwards. */
  take(): Attachment[] {
    const files = this.list.map((one) => one.file);
    this.#set([]);
    return files;
  }

  #start(file: File): void {
    const key = this.#key();
    const { name, size, type } = file;
    this.#set([...this.list, { key, file: { id: '', name, size, content_type: type }, progress: 0 }]);
    const stop = this.put(file, {
      progress: (progress) => this.#change(key, { progress }),
      done: (up) => this.#change(key, { file: up, progress: null }),
      failed: (status) => {
        this.remove(key);
        this.onrefusal({ why: status === 413 ? 'tooLarge' : status === 415 || status === 422 ? 'refused' : 'failed', name });
      },
    });
    this.#stops.set(key, stop);
  }

  #key(): string {
    return `${(this.#keys += 1)}`;
  }

  #change(key: string, by: Partial<Upload>): void {
    this.#set(this.list.map((one) => (one.key === key ? { ...one, ...by } : one)));
  }

  #set(list: Upload[]): void {
    this.list = list;
    this.onchange(list);
  }
}

/** Over HTTP, under the token of the chat. */
export const putTo =
  (site: string, token: () => string): Put =>
  (file, on) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/chat/${encodeURIComponent(site)}/files`);
    request.setRequestHeader('authorization', `Bearer ${token()}`);
    request.setRequestHeader('x-file-name', encodeURIComponent(file.name));
    request.setRequestHeader('content-type', file.type || 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = (event) => on.progress(event.loaded / event.total);
    request.onload = () => (request.status < 300 && request.response?.id ? on.done(request.response) : on.failed(request.status));
    request.onerror = () => on.failed(0);
    request.send(file);
    return () => request.abort();
  };
