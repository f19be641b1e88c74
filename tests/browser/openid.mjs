// An identity provider that speaks OpenID Connect to the letter, signs with RS256, and asks who sits at the browser.
import { createHash, createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const CLIENT = 'frontdesk';
const SECRET = 'a secret & more';
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export class OpenId {
  /** `people`: the claims of everybody who could sit at a browser. */
  static async start(people) {
    const provider = new OpenId();
    provider.people = people;
    provider.codes = new Map();
    provider.rotate();
    provider.server = createServer((request, response) => {
      provider.answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
    });
    await new Promise((resolve) => provider.server.listen(0, '127.0.0.1', resolve));
    provider.url = `http://127.0.0.1:${provider.server.address().port}`;
    return provider;
  }

  /** What the product is configured with. */
  env(more = {}) {
    return {
      FRONTDESK_OIDC__ISSUER: this.url,
      FRONTDESK_OIDC__CLIENT_ID: CLIENT,
      FRONTDESK_OIDC__CLIENT_SECRET: SECRET,
      FRONTDESK_OIDC__NAME: 'Acme ID',
      ...more,
    };
  }

  /** Another key; the one before is forgotten. */
  rotate() {
    this.kid = randomUUID();
    this.key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  async answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.url);
    const json = (value, status = 200) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return json({
          issuer: this.url,
          authorization_endpoint: `${this.url}/authorize`,
          token_endpoint: `${this.url}/token`,
          jwks_uri: `${this.url}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
          code_challenge_methods_supported: ['S256'],
        });
      case '/keys':
        return json({ keys: [{ ...this.key.publicKey.export({ format: 'jwk' }), kid: this.kid, use: 'sig', alg: 'RS256' }] });
      case '/authorize':
        return this.ask(Object.fromEntries(searchParams), response);
      case '/token':
        return this.token(request, json);
      default:
        return json({}, 404);
    }
  }

  /** A page with everybody to choose from, as a provider's own sign-in would be. */
  ask(asked, response) {
    const fits = asked.response_type === 'code' && asked.client_id === CLIENT && asked.scope.split(' ').includes('openid') && asked.code_challenge_method === 'S256' && asked.state && asked.nonce;
    if (!fits) return response.writeHead(400).end('no');
    const back = (values) => {
      const to = new URL(asked.redirect_uri);
      for (const [name, value] of Object.entries({ ...values, state: asked.state })) to.searchParams.set(name, value);
      return to.href.replaceAll('&', '&amp;');
    };
    const links = this.people.map((person) => {
      const code = randomUUID();
      this.codes.set(code, { ...asked, person });
      return `<p><a href="${back({ code })}">Continue as ${person.name}</a></p>`;
    });
    const page = `<!doctype html><html lang="en"><title>Acme ID</title><h1>Acme ID</h1>${links.join('')}<a href="${back({ error: 'access_denied' })}">Cancel</a>`;
    return response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  }

  async token(request, json) {
    let body = '';
    for await (const piece of request) body += piece;
    const form = Object.fromEntries(new URLSearchParams(body));
    const encoded = (text) => new URLSearchParams({ '': text }).toString().slice(1);
    const proof = `Basic ${Buffer.from(`${encoded(CLIENT)}:${encoded(SECRET)}`).toString('base64')}`;
    if (request.headers.authorization !== proof) return json({ error: 'invalid_client' }, 401);
    const asked = this.codes.get(form.code);
    this.codes.delete(form.code);
    const challenge = createHash('sha256').update(form.code_verifier ?? '').digest('base64url');
    if (form.grant_type !== 'authorization_code' || asked?.code_challenge !== challenge || asked.redirect_uri !== form.redirect_uri) {
      return json({ error: 'invalid_grant' }, 400);
    }
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.url, aud: CLIENT, nonce: asked.nonce, iat: now, exp: now + 300, ...asked.person };
    const message = `${part({ alg: 'RS256', kid: this.kid })}.${part(claims)}`;
    const signature = createSign('RSA-SHA256').update(message).sign(this.key.privateKey, 'base64url');
    return json({ access_token: randomUUID(), token_type: 'Bearer', expires_in: 300, id_token: `${message}.${signature}` });
  }
}
