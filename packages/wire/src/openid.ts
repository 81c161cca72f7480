import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Done, None, Token } from './fields.ts';

const MAX_PARAMETER = 4096;
const Parameter = z.string().max(MAX_PARAMETER).optional();

/** Signing in by a provider of OpenID Connect. */
export const openIdContracts = {
  beginOpenId: contract({
    id: 'beginOpenId',
    method: 'post',
    path: '/sign-in/openid',
    summary: "Begin to sign in by the installation's OpenID provider: the address where the browser goes",
    params: None,
    query: None,
    body: z.strictObject({
      /** Token of an invitation to take along. */
      invitation: Token.optional(),
    }),
    reply: z.strictObject({ url: z.string() }).meta({ id: 'WayOut' }),
    errors: WRITE_ERRORS,
    isOpen: true,
  }),
  finishOpenId: contract({
    id: 'finishOpenId',
    method: 'get',
    path: '/sign-in/openid/callback',
    summary:
      'Where the provider sends the browser back to: to the start page with a session, or to `/sign-in#error=CODE` without',
    params: None,
    // A provider may add what we know nothing of.
    query: z.looseObject({
      code: Parameter,
      state: Parameter,
      iss: Parameter,
      error: Parameter,
      error_description: Parameter,
    }),
    body: null,
    reply: Done,
    errors: [...READ_ERRORS, 409],
    isOpen: true,
    redirects: true,
  }),
};
