import type { Settings } from '../api/shapes';

/** Variables of a signature. */
export const signatureVariables = ['agent_name', 'organization_name', 'organization_prefix', 'support_email', 'sender_email'];

/** Variables of one's own: with the signature of the mailbox, so that it can stand beneath one's name. */
export const ownSignatureVariables = [...signatureVariables, 'mailbox_signature'];

/**
 * How a signature reads under an answer, as the server fills it: a line of which nothing is left goes. `mailbox`: that of the
 * mailbox, for one's own.
 */
export function signatureOf(template: string, { organization }: Pick<Settings, 'organization'>, agent: string, mailbox?: string): string {
  const known: Record<string, string> = {
    agent_name: agent,
    ...(mailbox !== undefined && { mailbox_signature: mailbox }),
    organization_name: organization.name,
    organization_prefix: organization.prefix,
    support_email: organization.support_email,
    sender_email: organization.sender_email,
  };
  const fill = (line: string) =>
    line.replace(/\{\{([^}|]*)\|?([^}]*)\}\}/g, (whole, name: string, instead: string) => {
      const value = known[name.trim()];
      return value === undefined ? whole : value.trim() ? value : instead.trim();
    });
  const lines = template.trim().split('\n').map((line) => ({ wasEmpty: !line.trim(), filled: fill(line).trimEnd() }));
  return lines.filter(({ wasEmpty, filled }) => wasEmpty || filled).map(({ filled }) => filled).join('\n').trim();
}
