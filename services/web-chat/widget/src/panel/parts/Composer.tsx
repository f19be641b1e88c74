import { useEffect, useRef, useState } from 'preact/hooks';
import type { Chat } from '../chat';
import { MAX_TEXT } from '../protocol';
import { say, size, words } from '../say';
import type { Store } from '../store';
import { LARGEST, MOST_FILES, putTo, Uploads, type Refusal, type Upload } from '../uploads';
import { Emoji } from './Emoji';
import { Icon } from './Icon';

interface Props {
  chat: Chat;
  store: Store;
  site: string;
}

/** Where one writes. What is written is kept over a reload until it is sent. */
export function Composer({ chat, store, site }: Props) {
  const [text, setText] = useState(() => store.get('draft')?.text ?? '');
  const [files, setFiles] = useState<Upload[]>(() => []);
  const [problem, setProblem] = useState('');
  const [picking, setPicking] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const uploads = useRef<Uploads>(null as never);
  if (!uploads.current) {
    const refused = (refusal: Refusal) => setProblem(worded(refusal));
    uploads.current = new Uploads(putTo(site, () => chat.token), setFiles, refused, store.get('draft')?.files);
    files.push(...uploads.current.list);
  }
  const { phase, ticket } = chat.view;
  const disabled = phase === 'refused';
  const left = MAX_TEXT - [...text].length;
  const ready = (text.trim() !== '' || files.length > 0) && left >= 0 && !disabled && files.every((one) => one.progress === null);

  useEffect(() => {
    const up = files.filter((one) => one.progress === null).map((one) => one.file);
    store.set('draft', text || up.length > 0 ? { text, files: up } : undefined);
  }, [text, files]);
  useEffect(() => {
    if (!field.current) return;
    field.current.style.height = 'auto';
    field.current.style.height = `${Math.min(field.current.scrollHeight, 132)}px`;
  }, [text]);

  const add = (added: Iterable<File> | undefined | null) => {
    setProblem('');
    if (added) uploads.current.add(added);
    field.current?.focus();
  };
  const dragged = useDrop(add);
  const changed = (next: string) => {
    setText(next);
    if (next.trim()) chat.typed();
  };
  const send = (event?: Event) => {
    event?.preventDefault();
    if (!ready || !chat.write(text, uploads.current.take())) return;
    setText('');
    setProblem('');
    setPicking(false);
    field.current?.focus();
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && picking) {
      event.preventDefault();
      setPicking(false);
    }
    // While a word is being composed (Japanese, Chinese, …) Enter belongs to that.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) send(event);
  };
  const insert = (emoji: string) => {
    field.current?.setRangeText(emoji, field.current.selectionStart, field.current.selectionEnd, 'end');
    changed(field.current?.value ?? '');
    field.current?.focus();
  };

  return (
    <form class="composer" onSubmit={send}>
      {dragged && <p class="drop">{words.drop}</p>}
      {picking && <Emoji onpick={insert} />}
      {files.length > 0 && (
        <ul class="files" aria-label={words.files}>
          {files.map(({ key, file, progress }) => (
            <li key={key}>
              <bdi>{file.name}</bdi>
              {progress === null ? <small>{size(file.size)}</small> : <progress value={progress} aria-label={file.name} />}
              <button type="button" aria-label={say(words.takeOff, { name: file.name })} onClick={() => uploads.current.remove(key)}>
                <Icon name="close" size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <p class="problem" role="alert">
        {problem}
      </p>
      <div class="field">
        <textarea
          rows={1}
          dir={text ? 'auto' : undefined}
          ref={field}
          value={text}
          aria-label={words.message}
          aria-describedby={left < 500 ? 'left' : undefined}
          placeholder={ticket === 'closed' ? words.startNew : words.write}
          enterkeyhint="send"
          disabled={disabled}
          onKeyDown={pressed}
          onInput={(event) => changed(event.currentTarget.value)}
          onPaste={(event) => event.clipboardData?.files.length && (event.preventDefault(), add(event.clipboardData.files))}
        />
        <button class="tool" type="button" aria-label={words.emoji} aria-expanded={picking} onClick={() => setPicking(!picking)}>
          <Icon name="smile" />
        </button>
        <label class={`tool ${chat.token ? '' : 'off'}`}>
          <Icon name="clip" />
          <input class="hidden" type="file" multiple aria-label={words.attach} disabled={!chat.token} onChange={(event) => (add([...(event.currentTarget.files ?? [])]), (event.currentTarget.value = ''))} />
        </label>
        <button type="submit" aria-label={words.send} aria-disabled={!ready} class={`send ${ready ? 'ready' : ''}`}>
          <Icon name="send" size={18} />
        </button>
      </div>
      {left < 500 && (
        <p id="left" class={`left ${left < 0 ? 'problem' : ''}`}>
          {left < 0 ? say(words.over, { n: -left }) : say(words.left, { n: left })}
        </p>
      )}
    </form>
  );
}

const worded = (refusal: Refusal): string =>
  refusal.why === 'tooMany' ? say(words.tooMany, { n: MOST_FILES }) : say(words[refusal.why], { name: refusal.name, size: size(LARGEST) });

/** Files dropped anywhere on the panel; `true` while some are held over it. */
function useDrop(ondrop: (files: FileList | undefined) => void): boolean {
  const [held, setHeld] = useState(false);
  const latest = useRef(ondrop);
  latest.current = ondrop;
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      setHeld(true);
    };
    const away = (event: DragEvent) => event.relatedTarget === null && setHeld(false);
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setHeld(false);
      latest.current(event.dataTransfer?.files);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', away);
    addEventListener('drop', drop);
  }, []);
  return held;
}
