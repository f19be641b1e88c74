/** What was changed in a document, leaf by leaf. Lists are leaves: they change as a whole (RFC 7396). */

export interface Change {
  path: string[];
  before: unknown;
  after: unknown;
}

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
/** Blanks around a text are nobody's change. */
const tidy = (value: unknown) => (typeof value === 'string' ? value.trim() : value);
const same = (one: unknown, other: unknown) => JSON.stringify(tidy(one)) === JSON.stringify(tidy(other));

export function changesBetween(before: unknown, after: unknown, path: string[] = []): Change[] {
  if (isTree(before) && isTree(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => changesBetween(before[key], after[key], [...path, key]));
  }
  if (same(before, after)) return [];
  return [{ path, before, after: tidy(after) }];
}

/** The patch that makes these changes; what is gone is `null` in it. */
export function patchOf(changes: Change[]): Tree {
  const patch: Tree = {};
  for (const { path, after } of changes) put(patch, path, after ?? null);
  return patch;
}

/** The same changes, taken back. */
export const reversed = (changes: Change[]): Change[] =>
  changes.map(({ path, before, after }) => ({ path, before: after, after: before }));

/** Makes changes in a document that may have moved on since. */
export function apply(document: object, changes: Change[]) {
  for (const { path, after } of changes) put(document as Tree, path, after);
}

function put(tree: Tree, path: string[], value: unknown) {
  const [key = '', ...rest] = path;
  if (rest.length > 0) {
    const branch = tree[key];
    const inner = isTree(branch) ? branch : {};
    tree[key] = inner;
    put(tree[key] as Tree, rest, value);
  } else if (value === undefined) delete tree[key];
  else tree[key] = value;
}
