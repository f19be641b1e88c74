import type { Chat } from '../chat';
import { time, words } from '../say';
import type { Block as Of } from '../thread';
import { Bubble } from './Bubble';

interface Props {
  block: Of;
  title: string;
  /** None for what can only be read. */
  chat?: Chat;
  /** What became of the newest message of the visitor; empty for all others. */
  state?: string;
}

/** Messages of one author, one after another. */
export function Block({ block, title, chat, state = '' }: Props) {
  const last = block.items.at(-1);
  const failed = block.items.filter((item) => item.fate === 'failed');
  return (
    <section class={`block ${block.mine ? 'mine' : ''}`}>
      <p class={block.mine ? 'hidden' : ''}>
        <bdi>{block.mine ? words.you : (block.name ?? title)}</bdi>
        {block.kind === 'auto_responder' && <span class="dotted">{words.automatic}</span>}
      </p>
      {block.items.map((item) => (
        <Bubble key={item.key} text={item.text} mine={item.mine} attachments={item.attachments} fate={item.fate} />
      ))}
      {failed.map((item) => (
        <p key={item.key} class="failed" role="alert">
          <span>{words.notSent}.</span>
          <button class="plain" type="button" onClick={() => chat?.again(item.key)}>
            {words.again}
          </button>
          <button class="plain" type="button" onClick={() => chat?.discard(item.key)}>
            {words.remove}
          </button>
        </p>
      ))}
      {last && failed.length === 0 && (
        <p>
          <time dateTime={new Date(last.at).toISOString()}>{time(last.at)}</time>
          {state && <span class="dotted">{state}</span>}
        </p>
      )}
    </section>
  );
}
