import type { MailFacts, Message } from '../api/shapes';
import type { IconName } from '../ui/icons';
import { t, worded } from './language.svelte';

/** Words for what is known of a mail. */

export const hasHtml = (message: Message) => message.mail?.has_html ?? message.html !== null;

/** The server put pictures on the net aside when the mail came in. */
export const hasRemotePictures = (message: Message) => message.html?.includes(' data-remote-src="') ?? false;

interface Mark {
  name: string;
  title: string;
  tone: string;
}

type Trust = NonNullable<MailFacts['trust']>;

const trustMarks: Record<Trust['mark'], Mark & { icon: IconName }> = {
  good: { get name() { return t('Verified'); }, get title() { return t('Sender verified'); }, tone: 'good', icon: 'check' },
  neutral: { get name() { return t('Not verified'); }, get title() { return t('Sender not verified: nothing proves who sent this mail, and nothing speaks against it'); }, tone: '', icon: 'question' },
  doubtful: { get name() { return t('Doubtful'); }, get title() { return t('Sender failed: this mail may be forged'); }, tone: 'warn', icon: 'warn' },
  unknown: { get name() { return t('Not checked'); }, get title() { return t('Sender could not be checked yet'); }, tone: '', icon: 'question' },
};

/** The mark of a mail's sender, in words that name who vouches for it. */
export function trustMark(trust: Trust): Mark & { icon: IconName } {
  const mark = trustMarks[trust.mark];
  if (trust.mark === 'good' && trust.domain) return { ...mark, title: t('Sender verified by {domain}', { domain: trust.domain }) };
  if (trust.mark === 'doubtful' && trust.dmarc !== 'fail') return { ...mark, title: t('Doubtful: {reason}', { reason: trust.reasons[0] ?? t('nobody vouches for it') }) };
  return mark;
}

const kinds: Partial<Record<MailFacts['kind'], Mark>> = {
  auto_reply: { get name() { return t('Automatic reply'); }, get title() { return t('Out of office and the like: the ticket stays as it was'); }, tone: '' },
  bounce: { get name() { return t('Not delivered'); }, get title() { return t('A mail of ours came back'); }, tone: 'bad' },
  abuse_report: { get name() { return t('Spam report'); }, get title() { return t('Somebody called a mail of ours spam'); }, tone: 'warn' },
  list: { get name() { return t('List'); }, get title() { return t('A mailing list or newsletter'); }, tone: '' },
  system: { get name() { return t('System'); }, get title() { return t('Written by a program'); }, tone: '' },
  calendar: { get name() { return t('Invitation'); }, get title() { return t('A calendar invitation or an answer to one'); }, tone: '' },
};

export function kindBadges(kind: MailFacts['kind']): Mark[] {
  const badge = kinds[kind];
  return badge ? [badge] : [];
}

const securities: Record<MailFacts['security'][number], Mark> = {
  smime_signed: { get name() { return t('Signed'); }, get title() { return t('Signed by S/MIME'); }, tone: '' },
  smime_encrypted: { get name() { return t('Encrypted'); }, get title() { return t('Encrypted by S/MIME: it cannot be read here'); }, tone: 'warn' },
  pgp_signed: { get name() { return t('Signed'); }, get title() { return t('Signed by PGP'); }, tone: '' },
  pgp_encrypted: { get name() { return t('Encrypted'); }, get title() { return t('Encrypted by PGP: it cannot be read here'); }, tone: 'warn' },
};

export const securityBadges = (of: MailFacts['security']): Mark[] => [...new Set(of)].map((one) => securities[one]);

export const signalWords: Record<MailFacts['why_here']['signal'], string> = worded({
  token: 'The address of this ticket',
  message_id: 'An answer to our mail',
  references: 'Refers to our mails',
  stored_id: 'Refers to a mail of this ticket',
  participant: 'The ticket’s number, from somebody who takes part',
  subject: 'The same subject, lately',
  new: 'A new conversation',
  moved: 'Moved here',
  split: 'Split off',
});
