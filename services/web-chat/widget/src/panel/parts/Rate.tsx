import { useState } from 'preact/hooks';
import type { Chat } from '../chat';
import { say, words } from '../say';
import { Icon } from './Icon';
import { Input, onSubmit } from './Input';

const SCORES = [1, 2, 3, 4, 5];

/** How a chat was, once it is over. */
export function Rate({ chat }: { chat: Chat }) {
  const [score, setScore] = useState(0);
  if (chat.view.rating === 'done') return null;
  return (
    <form class="card" onSubmit={onSubmit((values) => score > 0 && chat.rate(score, values['comment'] ?? ''))}>
      <fieldset>
        <legend>{words.rate}</legend>
        <div class="stars">
          {SCORES.map((n) => (
            <label key={n} class={n <= score ? 'lit' : ''}>
              <input type="radio" name="score" value={n} checked={n === score} onChange={() => setScore(n)} />
              <span class="hidden">{say(words.stars, { n })}</span>
              <Icon name="star" size={28} />
            </label>
          ))}
        </div>
      </fieldset>
      {score > 0 && (
        <>
          <Input name="comment" label={words.comment} type="textarea" />
          <div class="row">
            <button class="button" type="submit">
              {words.send}
            </button>
          </div>
        </>
      )}
    </form>
  );
}
