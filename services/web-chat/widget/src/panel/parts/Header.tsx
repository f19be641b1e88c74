import { useEffect, useRef, useState } from 'preact/hooks';
import type { Chat } from '../chat';
import { backAt, say, words } from '../say';
import { Icon } from './Icon';
import { Input, onSubmit } from './Input';

type Task = 'end' | 'transcript';

interface Props {
  chat: Chat;
  canClose: boolean;
  onclose: () => void;
}

/** Who one talks to, and what can be done about the chat as a whole. */
export function Header({ chat, canClose, onclose }: Props) {
  const { branding, office, ticket, phase, items } = chat.view;
  const [listed, setListed] = useState(false);
  const [task, setTask] = useState<Task | null>(null);
  const title = branding.title.trim() || words.chat;
  const letter = [...title][0]?.toUpperCase();
  const line = office.open === false && office.next_open_at ? backAt(office.next_open_at) : branding.subtitle;
  const live = phase === 'open';
  const choose = (chosen: Task) => () => {
    setListed(false);
    setTask(chosen);
  };
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const elsewhere = (event: Event) => menu.current?.contains(event.target as Node) || setListed(false);
    addEventListener('pointerdown', elsewhere);
    return () => removeEventListener('pointerdown', elsewhere);
  }, []);
  const escape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !(listed || task)) return;
    event.preventDefault();
    setListed(false);
    setTask(null);
    document.querySelector<HTMLElement>('.menu > button')?.focus();
  };
  return (
    <header onKeyDown={escape}>
      <div class="head">
        <span class="mark" aria-hidden="true">
          {letter}
        </span>
        <div class="names">
          <h1 dir="auto">{title}</h1>
          {line && <p dir="auto">{line}</p>}
        </div>
        {live && items.length > 0 && (
          <div class="menu" ref={menu}>
            <button class="round" type="button" aria-label={words.more} aria-expanded={listed} onClick={() => setListed(!listed)}>
              <Icon name="more" />
            </button>
            {listed && (
              <ul>
                <li>
                  <button type="button" onClick={choose('transcript')}>
                    {words.transcript}
                  </button>
                </li>
                {ticket === 'open' && (
                  <li>
                    <button type="button" onClick={choose('end')}>
                      {words.end}
                    </button>
                  </li>
                )}
              </ul>
            )}
          </div>
        )}
        {canClose && (
          <button class="round" type="button" aria-label={words.close} onClick={onclose}>
            <Icon name="close" />
          </button>
        )}
      </div>
      {task && live && <Doing chat={chat} task={task} ondone={() => setTask(null)} />}
    </header>
  );
}

function Doing({ chat, task, ondone }: { chat: Chat; task: Task; ondone: () => void }) {
  const { mailed, badEmail, email } = chat.view;
  const [asked, setAsked] = useState(false);
  const place = useRef<HTMLFormElement>(null);
  useEffect(() => place.current?.querySelector<HTMLElement>('input, button')?.focus(), []);
  const sent = asked && mailed !== null;
  useEffect(() => {
    if (!sent) return;
    const timer = setTimeout(ondone, 6000);
    return () => clearTimeout(timer);
  }, [sent]);
  const done = (values: Record<string, string>) => {
    if (task === 'end') {
      chat.end();
      return ondone();
    }
    setAsked(true);
    chat.mailTo(values['email'] ?? '');
  };
  if (sent)
    return (
      <p class="doing" role="status">
        {say(words.mailed, { email: mailed })}
      </p>
    );
  return (
    <form class="doing" ref={place} onSubmit={onSubmit(done)}>
      {task === 'end' ? (
        <p>{words.endSure}</p>
      ) : (
        <Input name="email" label={words.transcript} type="email" required value={email} problem={badEmail === 'transcript' ? words.badEmail : null} />
      )}
      <div class="row">
        <button class="button" type="submit">
          {task === 'end' ? words.end : words.send}
        </button>
        <button class="plain" type="button" onClick={ondone}>
          {words.cancel}
        </button>
      </div>
    </form>
  );
}
