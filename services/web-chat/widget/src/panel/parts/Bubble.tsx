import { parts } from '../links';
import type { Attachment } from '../protocol';
import { size } from '../say';
import type { Fate } from '../thread';
import { Icon } from './Icon';

interface Props {
  text: string;
  mine?: boolean;
  attachments?: Attachment[];
  fate?: Fate;
}

const PICTURE = /^image\/(png|jpeg|gif|webp)$/;

/** One message. Its text is never read as HTML. */
export const Bubble = ({ text, mine = false, attachments = [], fate = 'sent' }: Props) => (
  <div class={`bubble ${fate} ${mine ? 'mine' : ''}`}>
    {text && (
      <p dir="auto">
        {parts(text).map((part) =>
          part.href ? (
            <a href={part.href} target="_blank" rel="noopener noreferrer nofollow ugc">
              {part.text}
            </a>
          ) : (
            part.text
          ),
        )}
      </p>
    )}
    {attachments.map((file) => (
      <File key={file.id} file={file} />
    ))}
  </div>
);

function File({ file }: { file: Attachment }) {
  // Files lie at the server that we come from; nothing else is ever fetched.
  const url = file.url && new URL(file.url, location.origin);
  const ours = url && url.origin === location.origin ? url.href : undefined;
  if (ours && PICTURE.test(file.content_type))
    return (
      <a class="picture" href={ours} target="_blank" rel="noopener">
        <img src={ours} alt={file.name} loading="lazy" />
      </a>
    );
  const inside = (
    <>
      <Icon name="file" size={18} />
      <span dir="auto">{file.name}</span>
      <small>{size(file.size)}</small>
    </>
  );
  return ours ? (
    <a class="file" href={ours} target="_blank" rel="noopener" download={file.name}>
      {inside}
    </a>
  ) : (
    <p class="file">{inside}</p>
  );
}
