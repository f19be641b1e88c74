import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Chat } from '../chat';
import type { PastChat } from '../protocol';
import { day, say, words } from '../say';
import { blocks, itemOf, type Item } from '../thread';
import { away, type View } from '../view';
import { Ask } from './Ask';
import { Block } from './Block';
import { Bubble } from './Bubble';
import { Icon } from './Icon';
import { Rate } from './Rate';

/** The conversation. */
export function Thread({ chat, shown }: { chat: Chat; shown: boolean }) {
  const { view } = chat;
  const list = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const stays = useRef(true);
  const count = useRef(0);
  const toEnd = () => list.current?.scrollTo({ top: list.current.scrollHeight });
  const scrolled = () => {
    const node = list.current;
    stays.current = !node || node.scrollHeight - node.scrollTop - node.clientHeight < 48;
    setAtEnd(stays.current);
  };
  // The room may shrink: a banner, a longer draft, a keyboard.
  useEffect(() => {
    const room = new ResizeObserver(() => stays.current && toEnd());
    if (list.current) room.observe(list.current);
    return () => room.disconnect();
  }, []);
  // Whoever reads further up is left alone, except by their own message.
  useLayoutEffect(() => {
    const mine = view.items.length > count.current && view.items.at(-1)?.mine;
    count.current = view.items.length;
    if (stays.current || mine) toEnd();
  }, [view, shown]);

  const welcome = view.branding.welcome_message.trim();
  const title = view.branding.title || words.chat;
  const empty = view.items.length === 0;
  // The welcome becomes a message of the first ticket, for the agents. Here it stands where it was read: above everything.
  const shownItems = view.items.filter((item) => item.kind !== 'auto_responder' || item.text.trim() !== welcome);
  const mine = view.items.findLast((item) => item.mine);
  return (
    <div class="around">
      <div class="thread" role="log" aria-live="polite" aria-label={words.conversation} tabIndex={0} ref={list} onScroll={scrolled} onLoadCapture={() => stays.current && toEnd()}>
        {view.history.length > 0 && <Past history={view.history} title={title} />}
        {(!empty || welcome) && <div class="filler" />}
        {welcome && (
          <section class="block">
            <p>
              <bdi>{title}</bdi>
            </p>
            <Bubble text={welcome} />
          </section>
        )}
        {!welcome && empty && view.known && (
          <section class="empty">
            <h2>{words.help}</h2>
            <p>{words.stays}</p>
          </section>
        )}
        {empty && away(view) && <p class="note">{words.leave}</p>}
        {blocks(shownItems).map((block) => (
          <div key={block.key} class="blocks">
            {block.newDay && <Day at={block.items[0]?.at} />}
            <Block block={block} title={title} chat={chat} state={stateOf(view, mine, block.items.at(-1))} />
          </div>
        ))}
        {view.asking && <Ask chat={chat} />}
        {view.ticket === 'closed' && !empty && <p class="note">{words.ended}</p>}
        {view.rating && <Rate chat={chat} />}
        <p class="note" role="status">
          {view.rating === 'done' && words.thanks}
        </p>
        {view.typing && (
          <div class="typing">
            <span class="hidden">{say(words.writing, { name: view.typing })}</span>
            <i />
            <i />
            <i />
          </div>
        )}
      </div>
      {!atEnd && !empty && (
        <button class="down" type="button" aria-label={words.newest} onClick={toEnd}>
          <Icon name="down" size={18} />
        </button>
      )}
    </div>
  );
}

const Day = ({ at = 0 }: { at?: number | undefined }) => (
  <p class="day">
    <span>{day(at, Date.now())}</span>
  </p>
);

/** Chats that are over: to be read, not to be gone on with. */
const Past = ({ history, title }: { history: PastChat[]; title: string }) => (
  <details class="past">
    <summary>{words.earlier}</summary>
    {history.map((past) =>
      blocks(past.messages.map(itemOf)).map((block) => (
        <div key={past.ticket + block.key} class="blocks">
          {block.newDay && <Day at={block.items[0]?.at} />}
          <Block block={block} title={title} />
        </div>
      )),
    )}
  </details>
);

/** What became of a message: on its way, and for the newest one of the visitor whether it was sent or seen. */
function stateOf(view: View, mine: Item | undefined, item: Item | undefined): string {
  if (!item?.mine || item.fate === 'failed') return '';
  if (item.fate === 'sending') return words.sending;
  if (item.key !== mine?.key) return '';
  return item.seq !== null && item.seq <= view.readUpTo ? words.seen : words.sent;
}
