import { t } from './language.svelte';

/** When a snoozed ticket may come back (G1), in the agent's own zone. */

export interface SnoozeChoice {
  label: string;
  until: Date;
}

export function snoozeChoices(now = new Date()): SnoozeChoice[] {
  return [
    { label: t('Later today'), until: new Date(now.getTime() + 3 * 3_600_000) },
    { label: t('Tomorrow'), until: morning(now, 1) },
    { label: t('In a week'), until: morning(now, 7) },
  ];
}

function morning(now: Date, days: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 8, 0);
}

/** The value a `datetime-local` field takes: local time, no zone. */
export function fieldValue(moment: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${date}T${two(moment.getHours())}:${two(moment.getMinutes())}`;
}
