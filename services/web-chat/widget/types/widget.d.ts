// What pages can tell the chat, and hear from it. Published beside the script: /chat/widget.d.ts
//
//   <script src="https://desk.example.com/chat/widget.js" data-site="main" async></script>
//   <script>
//     window.frontdesk ??= (...call) => (window.frontdesk.q = window.frontdesk.q ?? []).push(call);
//     frontdesk('on', 'unread', (count) => console.log(count));
//   </script>
//
// Attributes of the script: data-site (id of the site), data-position ("left" or "right"), data-color ("#rrggbb"),
// data-label (name of the launcher), data-language (BCP 47), data-hidden (no launcher until 'show').

/** Who sits at the browser, as the site knows it. */
export interface FrontdeskVisitor {
  /** The site's own id; counts only with a signature. */
  id?: string;
  name?: string;
  email?: string;
  /** Hex HMAC-SHA256 under the site's identity secret, made on a server: of `id`, or of `id`, a line feed and `email`. */
  signature?: string;
}

export interface FrontdeskMessage {
  seq: number;
  id: string;
  author: { kind: 'agent' | 'auto_responder' | 'follow_up' | 'system'; name: string | null };
  text: string;
  sent_at: string;
}

export interface FrontdeskEvents {
  /** The panel was opened, closed. */
  open: void;
  close: void;
  /** The chat is connected for the first time. */
  ready: void;
  /** So many messages have not been seen. */
  unread: number;
  /** Somebody on the other side wrote. */
  message: FrontdeskMessage;
  /** A message of the visitor is stored. */
  sent: void;
  /** The chat was ended, by either side. */
  ended: void;
}

export interface Frontdesk {
  (command: 'open' | 'close' | 'toggle'): void;
  /** Shows, hides the launcher. */
  (command: 'show' | 'hide'): void;
  (command: 'identify', visitor: FrontdeskVisitor): void;
  /** Forgets the visitor and the conversation: somebody else may sit here now. */
  (command: 'logout'): void;
  /** A language other than the browser's. */
  (command: 'language', tag: string): void;
  <E extends keyof FrontdeskEvents>(command: 'on', event: E, listener: (detail: FrontdeskEvents[E]) => void): void;
  /** Without a listener: all of that event. */
  <E extends keyof FrontdeskEvents>(command: 'off', event: E, listener?: (detail: FrontdeskEvents[E]) => void): void;
}

declare global {
  interface Window {
    frontdesk: Frontdesk & { q?: ArrayLike<unknown>[] };
  }
  const frontdesk: Frontdesk;
}
