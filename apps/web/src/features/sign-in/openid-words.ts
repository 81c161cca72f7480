const WORDS: Readonly<Record<string, string>> = {
  openid_failed: 'Signing in there did not come to an end. Begin anew.',
  not_invited: 'Nobody here has invited this account. Ask an admin of your organisation for an invitation.',
  forbidden: 'This account may not sign in here. An operator of this Spiderhub says who may.',
  link_not_found: 'The invitation was used already, or is over. Ask for another one.',
  name_taken: 'Somebody else here has this name already. Ask an operator of this Spiderhub.',
  unavailable: 'The provider does not answer. Try again, or sign in with a password.',
};

/** Why signing in at the provider did not work, by the code that stands in the address. */
export function wordsOf(code: string): string {
  return WORDS[code] ?? 'Signing in there did not work. Begin anew.';
}
