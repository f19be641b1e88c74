import { useEffect, useReducer, useState } from 'preact/hooks';
import { around, type Heard } from './around';
import { Chat } from './chat';
import { dress } from './colors';
import { Banner } from './parts/Banner';
import { Before } from './parts/Before';
import { Composer } from './parts/Composer';
import { Header } from './parts/Header';
import { Thread } from './parts/Thread';
import { say, use, words } from './say';
import { browserShelf, memoryShelf, Store, type Shelf } from './store';
import { browserTabs } from './tabs';
import { browserWorld, randomId } from './world';
import { pick, speak } from './words';

const site = new URLSearchParams(location.search).get('site') ?? '';
const scheme = matchMedia('(prefers-color-scheme: dark)');

/** Everything that lives as long as the page: the chat, and what it is shown by. */
class Panel {
  opened = false;
  chat: Chat | null = null;
  store: Store | null = null;
  readonly page = around((heard) => this.#heard(heard));
  #language = '';

  constructor(private readonly draw: () => void) {
    this.opened = !this.page.framed;
    this.page.tell({ frontdesk: 'hello', needsKeeping: browserShelf() === null });
    if (!this.page.framed) this.#start({ frontdesk: 'page', ...tokenOf(location.hash) });
    addEventListener('offline', draw);
    addEventListener('online', () => {
      this.chat?.retry();
      draw();
    });
    scheme.addEventListener('change', draw);
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.chat?.retry();
      this.#look();
    });
    addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.defaultPrevented) this.close();
    });
  }

  close(): void {
    this.page.tell({ frontdesk: 'close' });
  }

  #heard(heard: Heard): void {
    const { frontdesk, page, visitor, resume, language, look } = heard;
    if (frontdesk === 'page' && !this.chat) this.#start(heard);
    else if (page || visitor) this.chat?.around(page, visitor);
    if (resume && frontdesk !== 'page') this.chat?.goOn(resume);
    if (frontdesk === 'logout') this.chat?.logout();
    if (language) this.#language = language;
    if (look && this.chat) {
      this.chat.view = { ...this.chat.view, known: true, phase: 'open', branding: look.branding, form: look.form };
    }
    if (frontdesk === 'opened' || frontdesk === 'closed') {
      this.opened = frontdesk === 'opened';
      this.#look();
      // On a phone focus would bring the keyboard up over the conversation.
      if (this.opened && matchMedia('(hover: hover)').matches) focusOn('textarea');
    }
    this.#changed();
  }

  #start({ page, visitor, resume, kept, look }: Heard): void {
    const shelf = browserShelf() ?? memoryShelf(kept, (key, value) => this.page.tell({ frontdesk: 'keep', key, value }));
    // A preview must not touch what a visitor of this browser has.
    this.store = new Store(look ? memoryShelf() : (shelf satisfies Shelf), site);
    const chat = new Chat({
      world: browserWorld(site),
      store: this.store,
      newId: randomId,
      locale: navigator.language,
      onchange: () => this.#changed(),
      onhappening: (happening) => this.page.tell({ frontdesk: 'event', ...happening }),
      tabs: look ? { tell: () => {} } : browserTabs(site, (session) => chat.heardTab(session)),
    });
    this.chat = chat;
    chat.around(page, visitor);
    if (resume) chat.goOn(resume);
    if (!look) chat.start();
    this.#changed();
  }

  #look(): void {
    this.chat?.show(this.opened && !document.hidden);
  }

  #changed(): void {
    const view = this.chat?.view;
    if (!view) return;
    const tag = pick([this.#language, ...navigator.languages], view.languages);
    void speak(tag).then((language) => {
      use(language);
      const { unread } = view;
      const label = words.chat + (unread > 0 ? `, ${say(words.unread, { n: unread })}` : '');
      this.page.tell({ frontdesk: 'unread', count: unread, label, close: words.close, begun: view.ticket !== null || view.items.length > 0 });
      document.title = view.branding.title || words.chat;
      dress(view.branding, scheme.matches);
      this.draw();
    });
  }
}

/** Of a link to the panel itself, as mails have it where the page of the site is not known. */
function tokenOf(hash: string): Partial<Heard> {
  const resume = /^#frontdesk-chat=([\w.-]+)$/.exec(hash)?.[1];
  if (!resume) return {};
  history.replaceState(null, '', location.pathname + location.search);
  return { resume };
}

export function focusOn(selector: string): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(selector)?.focus());
}

export function App() {
  const [, draw] = useReducer((count: number, _: void) => count + 1, 0);
  const [panel] = useState(() => new Panel(draw));
  const { chat, store } = panel;
  const form = chat?.view.form.length ? chat.view.form : null;
  useEffect(() => {
    if (form && panel.opened) focusOn('.before input, .before textarea');
  }, [form !== null]);
  if (!chat || !store) return null;
  const { view } = chat;
  return (
    <>
      <Header chat={chat} canClose={panel.page.framed} onclose={() => panel.close()} />
      <Banner phase={navigator.onLine || view.phase !== 'open' ? view.phase : 'waiting'} onretry={() => chat.retry()} />
      <main>
        {form ? (
          <Before fields={form} welcome={view.branding.welcome_message} onfilled={(values) => (chat.fillIn(values), focusOn('textarea'))} />
        ) : (
          <>
            <Thread chat={chat} shown={panel.opened} />
            <Composer chat={chat} store={store} site={site} />
          </>
        )}
      </main>
    </>
  );
}
