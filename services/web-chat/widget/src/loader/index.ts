// Puts the launcher on a page of the site and the panel into a frame when it is first opened. What it can be told is in
// ../../types/widget.d.ts.
//
//   <script src="https://desk.example.com/chat/widget.js" data-site="main" async></script>

import { PHONE, STYLE } from './style';

interface Frontdesk {
  (command: string, ...rest: unknown[]): void;
  /** Calls made before this script was there. */
  q?: ArrayLike<unknown>[];
  /** This script is there. */
  on?: true;
}

declare global {
  interface Window {
    frontdesk?: Frontdesk;
  }
}

type Listener = (detail?: unknown) => void;

interface Said {
  frontdesk?: string;
  count?: number;
  label?: string;
  close?: string;
  begun?: boolean;
  needsKeeping?: boolean;
  key?: string;
  value?: string | null;
  name?: string;
  message?: unknown;
}

/** The server writes the organisation's colour, and the side of the page, in their place. */
const COLOR = '#f0de5c';
const POSITION = '@position@';

/** The button of a mail leads to `#frontdesk-chat=TOKEN` of the page the chat began on. */
const MARK = /#frontdesk-chat=([\w.-]+)$/;

function start(script: HTMLScriptElement, queued: Frontdesk | undefined): void {
  const desk = new URL(script.src).origin;
  const { site = 'main', position = POSITION, label = 'Chat', color = COLOR, language, hidden } = script.dataset;
  const prefix = `frontdesk:${site}:`;
  const make = <K extends keyof HTMLElementTagNameMap>(name: K) => document.createElement(name);

  const host = make('div');
  host.style.setProperty('--c', color);
  host.style.setProperty('--o', ink(color));
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const button = make('button');
  const badge = make('i');
  button.type = 'button';
  button.setAttribute('aria-expanded', 'false');
  button.append(
    drawing('M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2ZM8 9.5h8M8 12.8h5'),
    drawing('m6 9 6 6 6-6'),
    badge,
  );
  root.append(button);

  let frame: HTMLIFrameElement | undefined;
  let listening = false;
  let opened = false;
  let unread = 0;
  let names = { label, close: label };
  let visitor: unknown;
  let overflow = '';
  let forgotten = false;
  const resume = MARK.exec(location.hash)?.[1];
  const listeners: [string, Listener][] = [];

  const happens = (event: string, detail?: unknown): void => {
    for (const [name, listener] of listeners) if (name === event) listener(detail);
  };

  const tell = (what: string, more?: object): void => {
    if (listening) frame?.contentWindow?.postMessage({ frontdesk: what, page: location.href, ...more }, desk);
  };

  const say = (): void => {
    badge.hidden = unread < 1 || opened;
    badge.textContent = unread > 9 ? '9+' : `${unread}`;
    button.setAttribute('aria-label', opened ? names.close : names.label);
  };

  const load = (): void => {
    if (frame) return;
    frame = make('iframe');
    frame.title = names.label;
    frame.src = `${desk}/chat/panel/?site=${encodeURIComponent(site)}&origin=${encodeURIComponent(location.origin)}`;
    root.append(frame);
  };

  const show = (open: boolean): void => {
    if (open === opened) return;
    opened = open;
    load();
    button.classList.toggle('on', open);
    button.setAttribute('aria-expanded', `${open}`);
    say();
    const page = document.documentElement.style;
    if (open && matchMedia(PHONE).matches) {
      overflow = page.overflow;
      page.overflow = 'hidden';
    } else if (!open && page.overflow === 'hidden') page.overflow = overflow;
    tell(open ? 'opened' : 'closed');
    if (open) frame?.focus();
    else button.focus();
    happens(open ? 'open' : 'close');
  };

  const heard = (event: MessageEvent): void => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== desk) return;
    const said = (event.data ?? {}) as Said;
    const what = said.frontdesk;
    if (what === 'hello') {
      listening = true;
      tell('page', { visitor, resume, language, ...(said.needsKeeping && { kept: kept() }) });
      if (forgotten) tell('logout');
      if (opened) tell('opened');
    }
    if (what === 'close') show(false);
    if (what === 'unread') {
      const before = unread;
      unread = Number(said.count) || 0;
      names = { label: script.dataset.label ?? said.label ?? label, close: said.close ?? label };
      frame.title = names.label;
      say();
      if (said.begun) keep(`${prefix}begun`, '1');
      if (unread !== before) happens('unread', unread);
    }
    // Where the browser forbids the frame to keep anything, the page does.
    if (what === 'keep') keep(`${said.key}`, said.value ?? null);
    if (what === 'event' && said.name) happens(said.name, said.message);
  };

  /** Under names of this site's chat only. */
  const keep = (key: string, value: string | null): void => {
    try {
      if (!key.startsWith(prefix)) return;
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // Then the badge comes with the first opening.
    }
  };

  const kept = (): Record<string, string> => {
    try {
      return Object.fromEntries(Object.entries<string>({ ...localStorage }).filter(([key]) => key.startsWith(prefix)));
    } catch {
      return {};
    }
  };

  const commands: Record<string, (first: never, second: never) => void> = {
    open: () => show(true),
    close: () => show(false),
    toggle: () => show(!opened),
    show: () => (button.hidden = false),
    hide: () => (show(false), (button.hidden = true)),
    identify: (who: unknown) => tell('identify', { visitor: (visitor = who) }),
    logout: () => {
      visitor = undefined;
      for (const key of Object.keys(kept())) keep(key, null);
      forgotten = !listening;
      tell('logout');
    },
    language: (tag: string) => tell('language', { language: (script.dataset.language = tag) }),
    on: (event: string, listener: Listener) => void listeners.push([event, listener]),
    off: (event: string, listener?: Listener) => {
      for (const one of [...listeners]) {
        if (one[0] === event && (!listener || one[1] === listener)) listeners.splice(listeners.indexOf(one), 1);
      }
    },
  };
  const command = (name: string, ...rest: unknown[]): void => commands[name]?.(...(rest as [never, never]));

  button.onclick = () => show(!opened);
  host.onkeydown = (event) => {
    if (event.key === 'Escape' && opened) show(false);
  };
  addEventListener('message', heard);
  host.className = position === 'left' ? 'left' : '';
  button.hidden = hidden !== undefined;
  say();
  document.body.append(host);
  window.frontdesk = Object.assign(command, { on: true } as const);
  for (const call of Array.from(queued?.q ?? [], (one) => Array.from(one))) command(...(call as [string]));
  if (resume) {
    history.replaceState(history.state, '', location.pathname + location.search);
    show(true);
  }
  // Somebody who has written here sees the badge without opening the chat.
  if (kept()[`${prefix}begun`]) load();
}

/** Made piece by piece: pages may forbid HTML in a text (Trusted Types). */
function drawing(d: string): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  for (const [name, value] of Object.entries({ viewBox: '0 0 24 24', width: '26', height: '26', 'aria-hidden': 'true' })) svg.setAttribute(name, value);
  path.setAttribute('d', d);
  svg.append(path);
  return svg;
}

/** White, or ink where that can be read better (WCAG 2.2 contrast). */
function ink(color: string): string {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = (parseInt(color.slice(at, at + 2), 16) || 0) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.183 ? '#11141a' : '#fff';
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && !window.frontdesk?.on) {
  const begin = () => start(script, window.frontdesk);
  if (document.body) begin();
  else addEventListener('DOMContentLoaded', begin);
}

export {};
