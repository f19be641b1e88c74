/** How long typing must rest before the server is asked, in milliseconds. */
const REST = 180;

/** What the server says about words being written. Typing never waits for it: the last answer stands until the next one. */
export class Asked<Q, A> {
  answer = $state.raw<A | null>(null);

  #ask: (question: Q, signal: AbortSignal) => Promise<A>;
  #question = '';
  #soon: ReturnType<typeof setTimeout> | undefined;
  #flight: AbortController | undefined;

  constructor(ask: (question: Q, signal: AbortSignal) => Promise<A>) {
    this.#ask = ask;
  }

  about(question: Q) {
    const key = JSON.stringify(question);
    if (key === this.#question) return;
    this.#stop();
    this.#question = key;
    this.#soon = setTimeout(() => void this.#run(question), REST);
  }

  forget() {
    this.#stop();
    this.answer = null;
  }

  #stop() {
    clearTimeout(this.#soon);
    this.#flight?.abort();
    this.#question = '';
  }

  async #run(question: Q) {
    const flight = new AbortController();
    this.#flight = flight;
    try {
      const answer = await this.#ask(question, flight.signal);
      if (!flight.signal.aborted) this.answer = answer;
    } catch {
      // Not reached, or overtaken: the next word asks again.
      if (!flight.signal.aborted) this.#question = '';
    }
  }
}
