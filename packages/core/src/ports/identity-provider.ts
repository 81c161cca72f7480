/** What has to be kept, by the browser alone, between going to a provider and coming back. */
export interface OpenIdFlow {
  state: string;
  nonce: string;
  verifier: string;
}

/** Who somebody is at a provider. */
export interface Identity {
  issuer: string;
  /** How the issuer names somebody, for ever. */
  subject: string;
  /** What the issuer calls the person, for people. */
  name: string | null;
  /** Only one that the issuer says it has verified. */
  email: string | null;
  /** What the claim of groups holds. */
  groups: readonly string[];
}

/** A provider of OpenID Connect, with the code flow and PKCE. */
export interface IdentityProvider {
  /** Where a browser goes to sign in. Throws `unavailable` when the provider cannot be asked. */
  begin(redirectTo: string): Promise<{ url: string; flow: OpenIdFlow }>;
  /**
   * Who came back, by the whole address that the browser came back to. Throws `unauthenticated` for what is not the
   * provider's answer to this flow or is a refusal, `unavailable` when the provider cannot be asked.
   */
  finish(address: URL, flow: OpenIdFlow): Promise<Identity>;
}
