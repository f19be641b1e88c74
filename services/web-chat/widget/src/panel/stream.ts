// A line where WebSockets are blocked: a response that goes on and on brings frames, posts take them. Looks like a socket.

import type { Wire } from './connection';

const POST_AGAIN_AFTER = 1_000;

export class StreamWire implements Wire {
  onopen: Wire['onopen'] = null;
  onmessage: Wire['onmessage'] = null;
  onclose: Wire['onclose'] = null;
  #away = new AbortController();
  #frames: string[] = [];
  #stream = '';
  #posting = false;

  constructor(private readonly site: string) {
    // Whoever made this wire has yet to listen.
    void Promise.resolve().then(() => this.#read());
  }

  send(text: string): void {
    this.#frames.push(text);
    void this.#post();
  }

  close(): void {
    this.#away.abort();
  }

  async #read(): Promise<void> {
    let code = 1006;
    try {
      const response = await fetch(`/chat/${encodeURIComponent(this.site)}/stream`, { signal: this.#away.signal });
      if (response.status === 403) code = 4503;
      if (response.ok && response.body) code = await this.#lines(response.body);
    } catch {
      // Lost, like any line.
    }
    this.#end(code);
  }

  /** Hands on line after line; answers the close code. */
  async #lines(body: ReadableStream<Uint8Array>): Promise<number> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return 1006;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.filter((one) => one.trim())) {
        const frame = JSON.parse(line) as { type: string; stream?: string; code?: number };
        if (frame.type === 'closed') return frame.code ?? 1006;
        if (frame.type === 'stream') {
          this.#stream = frame.stream ?? '';
          this.onopen?.(new Event('open'));
        } else this.onmessage?.(new MessageEvent('message', { data: line }));
      }
    }
  }

  /** One post at a time, so that the frames keep their order. */
  async #post(): Promise<void> {
    if (this.#posting || !this.#stream) return;
    this.#posting = true;
    try {
      while (this.#frames.length > 0) {
        const frames = this.#frames;
        this.#frames = [];
        const address = `/chat/${encodeURIComponent(this.site)}/frames?stream=${this.#stream}`;
        const headers = { 'content-type': 'application/x-ndjson' };
        const response = await fetch(address, { method: 'POST', body: frames.join('\n'), headers, signal: this.#away.signal });
        if (response.status === 429) {
          this.#frames.unshift(...frames);
          await new Promise((resolve) => setTimeout(resolve, POST_AGAIN_AFTER));
        } else if (!response.ok) throw new Error(`${response.status}`);
      }
    } catch {
      this.#end(1006);
    }
    this.#posting = false;
  }

  #end(code: number): void {
    this.#away.abort();
    this.onclose?.(new CloseEvent('close', { code }));
  }
}
