import { useEffect, useState } from 'preact/hooks';
import type { Phase } from '../connection';
import { words } from '../say';

/** What there is to say about the line. */
export function Banner({ phase, onretry }: { phase: Phase; onretry: () => void }) {
  const [slow, setSlow] = useState(false);
  // A moment without a line is not worth a word.
  useEffect(() => {
    setSlow(false);
    if (phase === 'open' || phase === 'refused') return;
    const timer = setTimeout(() => setSlow(true), phase === 'waiting' ? 600 : 1500);
    return () => clearTimeout(timer);
  }, [phase]);
  return (
    <div role="status" class="banner">
      {phase === 'refused' && <p class="bad">{words.notHere}</p>}
      {phase === 'waiting' && slow && (
        <p>
          <i class="dot" />
          {words.offline}
          <button class="plain" type="button" onClick={onretry}>
            {words.tryNow}
          </button>
        </p>
      )}
      {phase === 'connecting' && slow && (
        <p>
          <i class="dot busy" />
          {words.connecting}
        </p>
      )}
    </div>
  );
}
