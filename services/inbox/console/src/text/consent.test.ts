import { expect, it } from 'vitest';
import { sourceWords } from './consent';

it.each([
  ['keyword:stop', 'Keyword STOP'],
  ['inferred:stop texting me', 'Understood from “stop texting me”'],
  ['carrier', 'Told by the carrier'],
  ['import', 'Import'],
  ['api', 'Another system (API)'],
  ['console', 'Recorded by an agent'],
  ['shop checkout', 'shop checkout'],
])('%s is told as %s', (source, words) => expect(sourceWords(source)).toBe(words));
