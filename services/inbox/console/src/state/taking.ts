/** How often is asked whether all services have taken over what was changed. */
const PAUSE = 1000;

/** Loads again and again while something is not taken over yet, until the returned function is called; for effects. */
export function untilLive(open: boolean, load: () => Promise<void>): (() => void) | undefined {
  if (!open) return undefined;
  const timer = setInterval(() => void load(), PAUSE);
  return () => clearInterval(timer);
}

/** Something is not taken over yet, or could not be asked while services started anew. */
export const unsettled = (all: readonly { is_live: boolean }[] | null, problem: string) =>
  all !== null && (problem !== '' || all.some(({ is_live }) => !is_live));
