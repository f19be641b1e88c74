// The other tabs of this browser: all of them show one chat. What is said in it comes from the server to every tab; here
// they only agree on which session that is.

export interface Session {
  session: string;
  /** The token to go on with it. */
  resume: string;
  /** Somebody has written in it. */
  begun: boolean;
}

export interface Tabs {
  tell(session: Session): void;
}

export function browserTabs(site: string, heard: (session: Session) => void): Tabs {
  if (typeof BroadcastChannel === 'undefined') return { tell: () => {} };
  const channel = new BroadcastChannel(`frontdesk:${site}`);
  channel.onmessage = (event: MessageEvent<Session>) => heard(event.data);
  return { tell: (session) => channel.postMessage(session) };
}

/** Whether a tab gives its session up for that of another: for a chat that has begun, else for the older one. */
export function yields(mine: Session, theirs: Session): boolean {
  if (mine.session === theirs.session || mine.begun) return false;
  return theirs.begun || theirs.session < mine.session;
}
