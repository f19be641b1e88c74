import { words } from '../say';

const ALL =
  '😀😃😄😁😅😂🙂😉😊😍🥰😘😋😎🤓🤔🤨😐🙄😬😴🥱😷🤒😢😭😤😡😱😳🥳🤗👍👎👌👏🙌🙏💪👋🤝✌️❤️🧡💛💚💙💜💔🔥⭐✨🎉🎁☕🍕🚚📦📷📞📧💳🔒✅❌❓❗';

const EACH = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(ALL)].map((one) => one.segment);

/** A handful of what people use most. */
export const Emoji = ({ onpick }: { onpick: (emoji: string) => void }) => (
  <div class="emoji" role="group" aria-label={words.emoji}>
    {EACH.map((emoji) => (
      <button key={emoji} type="button" onClick={() => onpick(emoji)}>
        {emoji}
      </button>
    ))}
  </div>
);
