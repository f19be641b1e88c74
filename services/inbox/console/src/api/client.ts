import { refused, t } from '../text/language.svelte';
/** One way to the API: JSON in, JSON out, every refusal a `Problem`. */

/** Why a call failed. `code` is stable; the message is for people. `members` is the document as it came (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly members: Record<string, unknown> = {},
  ) {
    super(message);
  }

  /** The server was not reached, or could not answer now: worth trying again. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

interface Options {
  query?: Record<string, string | undefined>;
  body?: unknown;
  /** Makes a repeated POST harmless. */
  idempotencyKey?: string;
  /** What is there already is not changed. */
  onlyIfNew?: boolean;
  signal?: AbortSignal;
}

/** Where somebody comes in who is not signed in. */
const doors = /^\/session(?:$|\/forgotten|\/invitation|\/second-step|\/passkey)/;

let csrf = '';
let onSignedOut = () => {};

/** The token unsafe methods carry while the session cookie speaks for the user. */
export function useCsrf(token: string) {
  csrf = token;
}

/** Called when the server no longer knows the session. */
export function whenSignedOut(handler: () => void) {
  onSignedOut = handler;
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await fetched(method, path, options);
  return (response.status === 204 || response.headers.get('content-length') === '0' ? undefined : await response.json()) as T;
}

/** An answer whose body is read by who asked. */
export async function fetched(method: string, path: string, options: Options = {}): Promise<Response> {
  const response = await send(method, path, options);
  if (!response.ok) throw await refusal(response, path);
  return response;
}

async function send(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET') headers['x-csrf-token'] = csrf;
  if (options.idempotencyKey) headers['idempotency-key'] = options.idempotencyKey;
  if (options.onlyIfNew) headers['if-none-match'] = '*';
  const form = options.body instanceof FormData;
  if (options.body !== undefined && !form) headers['content-type'] = 'application/json';
  const body = form ? (options.body as FormData) : options.body === undefined ? null : JSON.stringify(options.body);
  try {
    return await fetch(`/api/v1${path}${query(options.query)}`, {
      method,
      headers,
      body,
      credentials: 'same-origin',
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, 'unreachable', t('Frontdesk cannot be reached. Check your connection.'));
  }
}

async function refusal(response: Response, path: string): Promise<Problem> {
  const said = (await response.json().catch(() => ({}))) as { code?: string; title?: string; detail?: string; [member: string]: unknown };
  if (response.status === 401 && !doors.test(path)) onSignedOut();
  const text = said.detail || said.title || t('the server answered {status}', { status: response.status });
  const code = said.code ?? 'unknown';
  return new Problem(response.status, code, refused(code, sentence(text)), said);
}

function query(given: Options['query'] = {}): string {
  const entries = Object.entries(given).filter((entry): entry is [string, string] => !!entry[1]);
  return entries.length ? `?${new URLSearchParams(entries)}` : '';
}

/** With a capital in front and a full stop behind. */
export function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** What to tell a person about anything that was thrown. */
export function reason(error: unknown): string {
  return error instanceof Problem ? error.message : t('Something went wrong on this page.');
}
