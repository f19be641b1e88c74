import type { Channel } from '../api/shapes';
import { t } from './language.svelte';
import { fileSize } from './names';

/** What may be attached where. The server decides; this says no before anything is sent up. */

interface Rules {
  /** Media types; empty for any. */
  types: string[];
  /** Bytes of one file. */
  largest: number;
  /** Bytes of all together. */
  together: number;
  most: number;
}

const MB = 1024 * 1024;
const anything: Rules = { types: [], largest: 25 * MB, together: 25 * MB, most: 20 };

/** Pictures that phones show. */
const PICTURES = ['image/jpeg', 'image/png', 'image/gif'];

const rules: Record<Channel, Rules> = {
  sms: { types: PICTURES, largest: 5 * MB, together: 5 * MB, most: 10 },
  email: anything,
  chat: anything,
};

/** For the file picker: any picture for a text, as most can be redrawn. */
export const accepted = (channel: Channel) => (channel === 'sms' ? 'image/*' : '');

/** Why a file cannot be attached beside those already there, as a sentence; `null` when it can. */
export function refusalOf(
  file: { name: string; type: string; size: number },
  channel: Channel,
  there: { size: number }[],
): string | null {
  const rule = rules[channel];
  if (file.size === 0) return t('{name} is empty.', { name: file.name });
  if (rule.types.length > 0 && !rule.types.includes(file.type)) {
    return t('{name} cannot be sent as a text: only JPEG, PNG and GIF pictures can.', { name: file.name });
  }
  if (file.size > rule.largest) {
    return t('{name} has {size}; at most {largest} can be sent.', { name: file.name, size: fileSize(file.size), largest: fileSize(rule.largest) });
  }
  if (there.length >= rule.most) return t('At most {most} files go into one message.', { most: rule.most });
  const sum = there.reduce((bytes, one) => bytes + one.size, file.size);
  if (sum > rule.together) return t('With {name} the files have {sum}; together they may have {together}.', { name: file.name, sum: fileSize(sum), together: fileSize(rule.together) });
  return null;
}

/** Kinds a browser draws without running anything in them. */
export const isPicture = (file: { content_type: string }) => /^image\/(png|jpeg|gif|webp|avif)$/.test(file.content_type);
