import { describe, expect, it } from 'vitest';
import type { Settings } from '../api/shapes';
import { signatureOf } from './signature';

const organization = { name: 'Acme', prefix: 'ACME:', support_email: 'help@acme.example', sender_email: '' } as Settings['organization'];
const read = (template: string, agent = 'Ada') => signatureOf(template, { organization }, agent);

describe('a signature', () => {
  it('is filled as the server fills it', () => {
    expect(read('{{agent_name}}\n{{ organization_name }}')).toBe('Ada\nAcme');
    expect(read('Bye,\n\n{{agent_name|the team}}', '')).toBe('Bye,\n\nthe team');
    expect(read('{{sender_email}}\n{{support_email}}')).toBe('help@acme.example');
    expect(read('{{colour}} {{agent_name')).toBe('{{colour}} {{agent_name');
    expect(read('')).toBe('');
    expect(read('{{mailbox_signature}}'), 'only of one’s own').toBe('{{mailbox_signature}}');
    expect(signatureOf('Ada\n{{mailbox_signature}}', { organization }, 'Ada', 'Support\nAcme')).toBe('Ada\nSupport\nAcme');
  });
});
