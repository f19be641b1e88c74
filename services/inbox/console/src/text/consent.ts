/** Where a word on consent came from, as people say it. The source is what the server keeps: `keyword:STOP`, `inferred:stop texting me`, `console`. */
export function sourceWords(source: string): string {
  const [kind = '', ...rest] = source.split(':');
  const detail = rest.join(':').trim();
  switch (kind) {
    case 'keyword':
      return detail ? `Keyword ${detail.toUpperCase()}` : 'Keyword';
    case 'inferred':
      return detail ? `Understood from “${detail}”` : 'Understood from their words';
    case 'carrier':
      return detail ? `Told by the carrier (${detail})` : 'Told by the carrier';
    case 'import':
      return 'Import';
    case 'api':
      return 'Another system (API)';
    case 'merge':
      return 'Two profiles became one: the stricter word holds';
    case 'console':
      return 'Recorded by an agent';
    default:
      return source;
  }
}
