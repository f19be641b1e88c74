// Puts the launcher on a page of the site and the panel into a frame when it is first opened.
//
//   <script src="https://desk.example.com/chat/widget.js" data-site="main" async></script>
//
// window.frontdesk('open' | 'close' | 'identify', { id, name, email, signature })

interface Frontdesk {
  (command: string, argument?: unknown): void;
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

/** The server writes the organisation's colour in its place. */
const COLOR = '#f0de5c';

const PHONE = '(max-width: 480px)';
const STYLE = `
:host{all:initial;position:fixed;z-index:2147483000;right:0;bottom:0}
:host(.left){right:auto;left:0}
*{box-sizing:border-box}
button{position:fixed;right:20px;bottom:calc(20px + env(safe-area-inset-bottom));width:56px;height:56px;padding:0;border:0;border-radius:50%;display:grid;place-items:center;cursor:pointer;background:var(--c);color:var(--o);box-shadow:0 1px 2px rgb(16 24 40/.16),0 6px 20px rgb(16 24 40/.2);transition:transform .15s,box-shadow .15s}
button:hover{transform:translateY(-1px);box-shadow:0 1px 2px rgb(16 24 40/.16),0 10px 26px rgb(16 24 40/.26)}
button:focus-visible{outline:3px solid var(--c);outline-offset:3px}
svg{grid-area:1/1;fill:none;stroke:currentColor;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round;transition:opacity .15s,transform .2s}
.x,.on .b{opacity:0;transform:scale(.6)}
.on .x{opacity:1;transform:none}
i{position:absolute;top:-3px;right:-3px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;border:2px solid #fff;background:#d92d20;color:#fff;font:600 12px/18px system-ui,sans-serif;text-align:center}
i[hidden]{display:none}
iframe{position:fixed;right:20px;bottom:calc(92px + env(safe-area-inset-bottom));width:388px;max-width:calc(100vw - 40px);height:min(640px,calc(100vh - 116px));border:0;border-radius:16px;background:Canvas;box-shadow:0 0 0 1px rgb(16 24 40/.06),0 2px 6px rgb(16 24 40/.08),0 16px 48px rgb(16 24 40/.22);visibility:hidden;opacity:0;transform:translateY(10px) scale(.985);transform-origin:100% 100%;transition:opacity .16s,transform .16s,visibility 0s .16s}
.on~iframe{visibility:visible;opacity:1;transform:none;transition:opacity .16s,transform .16s}
:host(.left) :is(button,iframe){right:auto;left:20px;transform-origin:0 100%}
@media ${PHONE}{iframe,:host(.left) iframe{inset:0;width:100%;max-width:none;height:100vh;height:100dvh;border-radius:0;box-shadow:none}.on{display:none}}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media print{:host{display:none}}
`;

function start(script: HTMLScriptElement, queued: Frontdesk | undefined): void {
  const desk = new URL(script.src).origin;
  const { site = 'main', position, label = 'Chat with us', color = COLOR } = script.dataset;
  const note = `frontdesk:${site}`;
  const make = <K extends keyof HTMLElementTagNameMap>(name: K) => document.createElement(name);

  const host = make('div');
  host.className = position === 'left' ? 'left' : '';
  host.style.setProperty('--c', color);
  host.style.setProperty('--o', ink(color));
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const button = make('button');
  button.type = 'button';
  button.setAttribute('aria-expanded', 'false');
  button.innerHTML =
    '<svg class="b" viewBox="0 0 24 24" width="26" height="26" aria-hidden="true"><path d="M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2ZM8 9.5h8M8 12.8h5"/></svg>' +
    '<svg class="x" viewBox="0 0 24 24" width="26" height="26" aria-hidden="true"><path d="m6 9 6 6 6-6"/></svg>';
  const badge = make('i');
  badge.hidden = true;
  button.append(badge);
  root.append(button);

  let frame: HTMLIFrameElement | undefined;
  let listening = false;
  let opened = false;
  let visitor: unknown;
  let overflow = '';

  const tell = (message: object): void => {
    if (listening) frame?.contentWindow?.postMessage(message, desk);
  };

  const say = (unread: number): void => {
    badge.hidden = unread < 1;
    badge.textContent = unread > 9 ? '9+' : `${unread}`;
    const more = unread < 1 ? '' : `, ${unread} unread`;
    button.setAttribute('aria-label', opened ? 'Close the chat' : label + more);
  };

  const load = (): void => {
    if (frame) return;
    frame = make('iframe');
    frame.title = label;
    frame.src = `${desk}/chat/panel/?site=${encodeURIComponent(site)}&origin=${encodeURIComponent(location.origin)}`;
    root.append(frame);
  };

  const show = (open: boolean): void => {
    if (open === opened) return;
    opened = open;
    load();
    button.classList.toggle('on', open);
    button.setAttribute('aria-expanded', `${open}`);
    say(0);
    const page = document.documentElement.style;
    if (open && matchMedia(PHONE).matches) {
      overflow = page.overflow;
      page.overflow = 'hidden';
    } else if (!open) page.overflow = page.overflow === 'hidden' ? overflow : page.overflow;
    tell({ frontdesk: open ? 'opened' : 'closed' });
    if (open) frame?.focus();
    else button.focus();
  };

  const heard = (event: MessageEvent): void => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== desk) return;
    const { frontdesk: what, count } = (event.data ?? {}) as { frontdesk?: string; count?: number };
    if (what === 'hello') {
      listening = true;
      tell({ frontdesk: 'page', page: location.href, visitor });
      if (opened) tell({ frontdesk: 'opened' });
    }
    if (what === 'close') show(false);
    if (what === 'unread' && !opened) say(Number(count) || 0);
    if (what === 'started') remember();
  };

  const remember = (): void => {
    try {
      localStorage.setItem(note, '1');
    } catch {
      // Then the badge comes with the first opening.
    }
  };

  const command = (name: unknown, argument?: unknown): void => {
    if (name === 'open') show(true);
    if (name === 'close') show(false);
    if (name === 'identify' && typeof argument === 'object') {
      visitor = argument;
      tell({ frontdesk: 'identify', visitor });
    }
  };

  button.onclick = () => show(!opened);
  host.onkeydown = (event) => {
    if (event.key === 'Escape' && opened) show(false);
  };
  addEventListener('message', heard);
  say(0);
  document.body.append(host);
  window.frontdesk = Object.assign(command, { on: true } as const);
  for (const [name, argument] of Array.from(queued?.q ?? [], (one) => Array.from(one))) command(name, argument);
  try {
    // Somebody who has written here sees the badge without opening the chat.
    if (localStorage.getItem(note)) load();
  } catch {
    // No storage, no badge.
  }
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
