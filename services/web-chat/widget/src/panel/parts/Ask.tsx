import type { Chat } from '../chat';
import { words } from '../say';
import { away } from '../view';
import { focusOn } from '../App';
import { Input, onSubmit } from './Input';

/** Where to reach somebody who has to leave. */
export function Ask({ chat }: { chat: Chat }) {
  const answered = (values: Record<string, string>) => {
    if (!values['email']) return;
    chat.identify(values['email'], values['name'] ?? '');
    focusOn('textarea');
  };
  const dismissed = () => {
    chat.doNotAsk();
    focusOn('textarea');
  };
  return (
    <form class="card" onSubmit={onSubmit(answered)} aria-labelledby="ask">
      <p id="ask">{away(chat.view) ? words.askAway : words.ask}</p>
      <Input name="email" label={words.email} type="email" required problem={chat.view.badEmail === 'ask' ? words.badEmail : null} />
      <Input name="name" label={words.name} />
      <div class="row">
        <button class="button" type="submit">
          {words.save}
        </button>
        <button class="plain" type="button" onClick={dismissed}>
          {words.notNow}
        </button>
      </div>
    </form>
  );
}
