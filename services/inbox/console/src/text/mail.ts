/** The document a mail's HTML is shown in. The HTML was sanitised when it came in; this is the second lock. */

const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'";

const STYLE = `
  html { overflow-x: auto; overflow-y: hidden; }
  body { display: flow-root; margin: 0; color: #171a21; background: #fff; font: 14px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; overflow-wrap: anywhere; }
  img { max-width: 100%; height: auto; }
  pre { white-space: pre-wrap; }
  blockquote { margin: 0.5em 0; padding-left: 0.9em; border-left: 2px solid #d0d5dd; color: #4a5160; }
  table { max-width: 100%; }
  a { color: #2f55d4; }
  p:first-child { margin-top: 0; } p:last-child { margin-bottom: 0; }
`;

export function mailDocument(html: string): string {
  return (
    `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">` +
    `<meta name="referrer" content="no-referrer"><base target="_blank"><style>${STYLE}</style></head><body>${html}</body></html>`
  );
}
