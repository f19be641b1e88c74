import type { MailFacts, Message } from '../api/shapes';
import type { IconName } from '../ui/icons';

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
  good: { name: 'Verified', title: 'Sender verified', tone: 'good', icon: 'check' },
  neutral: { name: 'Not verified', title: 'Sender not verified: nothing proves who sent this mail, and nothing speaks against it', tone: '', icon: 'question' },
  doubtful: { name: 'Doubtful', title: 'Sender failed: this mail may be forged', tone: 'warn', icon: 'warn' },
  unknown: { name: 'Not checked', title: 'Sender could not be checked yet', tone: '', icon: 'question' },
};

/** The mark of a mail's sender, in words that name who vouches for it. */
export function trustMark(trust: Trust): Mark & { icon: IconName } {
  const mark = trustMarks[trust.mark];
  if (trust.mark === 'good' && trust.domain) return { ...mark, title: `Sender verified by ${trust.domain}` };
  if (trust.mark === 'doubtful' && trust.dmarc !== 'fail') return { ...mark, title: `Doubtful: ${trust.reasons[0] ?? 'nobody vouches for it'}` };
  return mark;
}

const kinds: Partial<Record<MailFacts['kind'], Mark>> = {
  auto_reply: { name: 'Automatic reply', title: 'Out of office and the like: the ticket stays as it was', tone: '' },
  bounce: { name: 'Not delivered', title: 'A mail of ours came back', tone: 'bad' },
  abuse_report: { name: 'Spam report', title: 'Somebody called a mail of ours spam', tone: 'warn' },
  list: { name: 'List', title: 'A mailing list or newsletter', tone: '' },
  system: { name: 'System', title: 'Written by a program', tone: '' },
  calendar: { name: 'Invitation', title: 'A calendar invitation or an answer to one', tone: '' },
};

export function kindBadges(kind: MailFacts['kind']): Mark[] {
  const badge = kinds[kind];
  return badge ? [badge] : [];
}

const securities: Record<MailFacts['security'][number], Mark> = {
  smime_signed: { name: 'Signed', title: 'Signed by S/MIME', tone: '' },
  smime_encrypted: { name: 'Encrypted', title: 'Encrypted by S/MIME: it cannot be read here', tone: 'warn' },
  pgp_signed: { name: 'Signed', title: 'Signed by PGP', tone: '' },
  pgp_encrypted: { name: 'Encrypted', title: 'Encrypted by PGP: it cannot be read here', tone: 'warn' },
};

export const securityBadges = (of: MailFacts['security']): Mark[] => [...new Set(of)].map((one) => securities[one]);

export const signalWords: Record<MailFacts['why_here']['signal'], string> = {
  token: 'The address of this ticket',
  message_id: 'An answer to our mail',
  references: 'Refers to our mails',
  stored_id: 'Refers to a mail of this ticket',
  participant: 'The ticket’s number, from somebody who takes part',
  subject: 'The same subject, lately',
  new: 'A new conversation',
  moved: 'Moved here',
  split: 'Split off',
};
