export { createIdentityProvider, type OpenIdClient } from './identity-provider.ts';
