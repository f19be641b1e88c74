import type { Field } from '../protocol';
import { words } from '../say';
import { Input, onSubmit } from './Input';

const TYPES = { text: 'text', email: 'email', phone: 'tel', textarea: 'textarea' } as const;

interface Props {
  fields: Field[];
  welcome: string;
  onfilled: (values: Record<string, string>) => void;
}

/** What the organisation asks before a chat. */
export const Before = ({ fields, welcome, onfilled }: Props) => (
  <form class="before" onSubmit={onSubmit(onfilled)} aria-labelledby="before">
    <h2 id="before">{words.before}</h2>
    {welcome && <p>{welcome}</p>}
    {fields.map(({ name, label, type, required }) => (
      <Input key={name} name={name} label={named(name, label)} type={TYPES[type]} required={required} />
    ))}
    <button class="button" type="submit">
      {words.begin}
    </button>
  </form>
);

/** The two fields that everybody has are said in the visitor's language, unless the organisation has words of its own. */
function named(name: string, label: string): string {
  if (name === 'name' && label === 'Name') return words.name;
  return name === 'email' && label === 'Email' ? words.email : label;
}
