/** Short words at the edge of the screen about what was just done, or what failed. */

export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'bad';
  action?: { label: string; run: () => void };
}

class Toasts {
  all = $state<Toast[]>([]);
  #next = 1;

  say(text: string, action?: Toast['action'], milliseconds = 5000) {
    this.#add({ text, tone: 'plain', ...(action && { action }) }, milliseconds);
  }

  fail(text: string, action?: Toast['action']) {
    this.#add({ text, tone: 'bad', ...(action && { action }) }, 9000);
  }

  drop(id: number) {
    this.all = this.all.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>, milliseconds: number) {
    const id = this.#next++;
    this.all = [...this.all.filter((other) => other.text !== toast.text), { ...toast, id }].slice(-3);
    setTimeout(() => this.drop(id), milliseconds);
  }
}

export const toasts = new Toasts();
