import { useId } from 'preact/hooks';
import { words } from '../say';

interface Props {
  name: string;
  label: string;
  type?: keyof typeof MOST;
  required?: boolean;
  value?: string;
  /** What is wrong with it. */
  problem?: string | null;
}

const MOST = { text: 120, email: 254, tel: 40, textarea: 1000 };

/** A field with its name above it. */
export function Input({ name, label, type = 'text', required = false, value = '', problem = null }: Props) {
  const id = useId();
  const shared = { name, required, id, maxLength: MOST[type], 'aria-invalid': problem !== null, 'aria-describedby': problem ? `${id}-problem` : undefined } as const;
  return (
    <div class="input">
      <label for={id}>
        {label}
        {!required && <> ({words.optional})</>}
      </label>
      {type === 'textarea' ? (
        <textarea rows={3} defaultValue={value} {...shared} />
      ) : (
        <input type={type as 'text'} autocomplete={type === 'text' ? (name === 'name' ? 'name' : 'off') : type} defaultValue={value} {...shared} />
      )}
      {problem && (
        <p class="problem" id={`${id}-problem`} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** What a form says, by the names of its fields, without what was left empty. */
export function valuesOf(form: HTMLFormElement): Record<string, string> {
  const values = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== ''));
}

/** Handles a form here instead of leaving the page. */
export const onSubmit = (then: (values: Record<string, string>) => void) => (event: Event & { currentTarget: HTMLFormElement }) => {
  event.preventDefault();
  then(valuesOf(event.currentTarget));
};
