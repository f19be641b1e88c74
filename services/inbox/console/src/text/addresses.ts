import { tn } from './language.svelte';
/** Mail addresses as people write and read them. */

export interface NamedAddress {
  address: string;
  name: string | null;
}

/** The name, or the address where there is none. */
export const shownAddress = (one: NamedAddress) => one.name || one.address;

/** `Anna, Ben and 2 others`. */
export function shownList(list: readonly NamedAddress[], most = 2): string {
  const names = list.slice(0, most).map(shownAddress);
  const others = list.length - names.length;
  if (others > 0) return tn(others, '{names} and 1 other', '{names} and {n} others', { names: names.join(', ') });
  return names.join(', ');
}

/** What the server takes for an address, near enough to say so at once. */
const ADDRESS = /^[^\s@<>(),;:"[\]\\]+@[^\s@<>(),;:"[\]\\.]+(\.[^\s@<>(),;:"[\]\\.]+)*$/;

/** The addresses in what was typed or pasted, with or without names, and what is none. */
export function addressesIn(text: string): { addresses: NamedAddress[]; rest: string } {
  const addresses: NamedAddress[] = [];
  const rest: string[] = [];
  for (const piece of text.split(/[,;\n]+/).map((piece) => piece.trim()).filter(Boolean)) {
    const named = /^(.*?)\s*<([^<>]+)>$/.exec(piece);
    const address = (named?.[2] ?? piece).trim().replace(/^mailto:/i, '').toLowerCase();
    const name = named?.[1]?.replace(/^"|"$/g, '').trim() || null;
    if (ADDRESS.test(address)) addresses.push({ address, name });
    else rest.push(piece);
  }
  return { addresses, rest: rest.join(', ') };
}
