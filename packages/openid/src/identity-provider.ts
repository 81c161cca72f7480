import {
  DomainError,
  type Identity,
  type IdentityProvider,
  openIdErrors,
  serviceErrors,
} from '@spiderhub/core';
import type { Configuration, IDToken, UserInfoResponse } from 'openid-client';

export interface OpenIdClient {
  /** Address of the provider, as it calls itself. */
  issuer: string;
  id: string;
  secret: string;
  /** Scopes that are asked for, separated by blanks. */
  scope: string;
  /** Name of the claim that lists groups. */
  groupsClaim: string;
}

type Library = typeof import('openid-client');
type Claims = IDToken | UserInfoResponse;

/** A provider that does not answer is given up after so long, s. */
const PATIENCE_S = 10;
const PLAIN_HTTP = 'http:';

/**
 * Speaks with one provider. It is asked what it can when it is first needed, so that one that is away keeps nobody from
 * signing in by password, and asked again until it has answered.
 */
export function createIdentityProvider(client: OpenIdClient): IdentityProvider {
  let ready: Promise<{ library: Library; config: Configuration }> | undefined;

  function connected(): Promise<{ library: Library; config: Configuration }> {
    ready ??= connect(client).catch((error: unknown) => {
      ready = undefined;
      throw serviceErrors.unavailable('the OpenID provider', error);
    });
    return ready;
  }

  return {
    async begin(redirectTo) {
      const { library, config } = await connected();
      const flow = {
        state: library.randomState(),
        nonce: library.randomNonce(),
        verifier: library.randomPKCECodeVerifier(),
      };
      const url = library.buildAuthorizationUrl(config, {
        redirect_uri: redirectTo,
        scope: client.scope,
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await library.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, flow };
    },
    async finish(address, { state, nonce, verifier }) {
      const { library, config } = await connected();
      try {
        const tokens = await library.authorizationCodeGrant(config, address, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) throw new Error('the provider sent no claims');
        const more = isEnough(claims, client)
          ? null
          : await library.fetchUserInfo(config, tokens.access_token, claims.sub);
        return identityOf({ ...more, ...claims }, claims.iss, client);
      } catch (error) {
        throw translated(error);
      }
    },
  };
}

async function connect({ issuer, id, secret }: OpenIdClient) {
  // Read when it is needed: most installations have no provider.
  const library = await import('openid-client');
  const address = new URL(issuer);
  const config = await library.discovery(address, id, secret, undefined, {
    timeout: PATIENCE_S,
    ...(address.protocol === PLAIN_HTTP && { execute: [library.allowInsecureRequests] }),
  });
  return { library, config };
}

/** Whether the token itself says what we look at; else the provider is asked for the rest. */
function isEnough(claims: Claims, { groupsClaim, scope }: OpenIdClient): boolean {
  const asksGroups = scope.split(' ').includes(groupsClaim);
  return claims.email !== undefined && (!asksGroups || claims[groupsClaim] !== undefined);
}

function identityOf(claims: Claims, issuer: string, { groupsClaim }: OpenIdClient): Identity {
  const { sub, email, email_verified: isVerified, name, preferred_username: username } = claims;
  const groups = claims[groupsClaim];
  return {
    issuer,
    subject: sub,
    name: textOf(name) ?? textOf(username),
    // Anything but a plain `true` is a claim that nobody has looked at.
    email: isVerified === true ? textOf(email) : null,
    groups: [groups].flat().filter((one) => typeof one === 'string'),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function translated(error: unknown): Error {
  if (error instanceof DomainError) return error;
  const { code } = error as { code?: unknown };
  const isAway = code === 'OAUTH_TIMEOUT' || error instanceof TypeError;
  return isAway ? serviceErrors.unavailable('the OpenID provider', error) : openIdErrors.failed(error);
}
