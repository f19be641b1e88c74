// The page around the panel: the loader that opened it. Only that window, and only under the origin it named, is heard.

import type { Branding, Field, Visitor } from './protocol';

export interface Around {
  /** Tells the loader. */
  tell(message: { frontdesk: string; [more: string]: unknown }): void;
  /** There is a loader at all. */
  framed: boolean;
}

export interface Heard {
  frontdesk: string;
  page?: string;
  visitor?: Visitor;
  /** Goes on with the chat of this token. */
  resume?: string;
  language?: string;
  /** What the page keeps for us, where the frame may not. */
  kept?: Record<string, string>;
  /** The look editor shows how it would be. */
  look?: { branding: Branding; form: Field[] };
}

export function around(heard: (message: Heard) => void): Around {
  const origin = originOf(new URLSearchParams(location.search).get('origin'));
  const framed = window.parent !== window && origin !== null;
  if (framed) {
    window.addEventListener('message', (event: MessageEvent<unknown>) => {
      const data = event.data as Partial<Heard> | null;
      if (event.source !== window.parent || event.origin !== origin || typeof data?.frontdesk !== 'string') return;
      const { page, visitor, resume, language, kept, look } = data;
      heard({
        frontdesk: data.frontdesk,
        ...(typeof page === 'string' && { page }),
        ...(typeof resume === 'string' && { resume }),
        ...(typeof language === 'string' && { language }),
        ...(visitor && { visitor: visitorOf(visitor) }),
        ...(kept && { kept }),
        // Only our own console may dress us up.
        ...(look && origin === location.origin && { look }),
      });
    });
  }
  const tell: Around['tell'] = (message) => framed && window.parent.postMessage(message, origin as string);
  return { tell, framed };
}

function originOf(text: string | null): string | null {
  try {
    const url = new URL(text ?? '');
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.origin : null;
  } catch {
    return null;
  }
}

function visitorOf(given: object): Visitor {
  const names = ['id', 'name', 'email', 'signature'] as const;
  const texts = names.map((name) => [name, (given as Record<string, unknown>)[name]] as const);
  return Object.fromEntries(texts.filter(([, value]) => typeof value === 'string' && value !== ''));
}
