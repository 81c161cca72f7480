// A real provider of OpenID Connect, where whoever comes is signed in as the person that it was told last. Arguments: its
// port and the address where browsers come back to. A process of its own: it comes as modules, which jest does not load.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const [port, redirectUri] = process.argv.slice(2);
const people = new Map();
/** Subject of who sits in front of the browser; null: somebody who says no. */
let current = null;

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'spiderhub',
      client_secret: 'a secret of the client',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_post',
    },
  ],
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  scopes: ['openid', 'email', 'profile', 'groups'],
  cookies: { keys: ['a key of the test'] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  findAccount: (_ctx, accountId) => ({
    accountId,
    claims: () => ({ sub: accountId, ...people.get(accountId) }),
  }),
  ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 600, Grant: 600 },
});
const oidc = provider.callback();

const server = createServer((req, res) => {
  if (req.url === '/person') return void take(req, res);
  if (req.url?.startsWith('/interaction/')) return void answer(req, res);
  oidc(req, res);
});

/** `PUT /person {"sub", claims…}`, or null. */
async function take(req, res) {
  let text = '';
  for await (const chunk of req) text += chunk;
  const person = JSON.parse(text);
  current = person?.sub ?? null;
  if (person) people.set(person.sub, person);
  res.end();
}

/** Says yes to everything, as the person that sits there. */
async function answer(req, res) {
  try {
    const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);
    if (current === null) {
      return await provider.interactionFinished(req, res, { error: 'access_denied' });
    }
    if (prompt.name === 'login') {
      const login = { accountId: current, remember: false };
      return await provider.interactionFinished(req, res, { login }, { mergeWithLastSubmission: false });
    }
    const grant = grantId
      ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    const consent = { grantId: await grant.save() };
    await provider.interactionFinished(req, res, { consent }, { mergeWithLastSubmission: true });
  } catch (error) {
    res.statusCode = 500;
    res.end(String(error));
  }
}

server.listen(Number(port), '127.0.0.1', () => process.send?.('ready'));
process.on('disconnect', () => process.exit());
