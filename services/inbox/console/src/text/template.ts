import type { Settings } from '../api/shapes';

/** Variables of automatic texts. Twin of `Settings::fill`. */
export const variables = ['{{organization_prefix}}', '{{support_email}}', '{{sender_email}}'];

export function filled(template: string, organization: Settings['organization']): string {
  return template
    .replaceAll('{{organization_prefix}}', organization.prefix)
    .replaceAll('{{support_email}}', organization.support_email)
    .replaceAll('{{sender_email}}', organization.sender_email);
}
