const OF_PIP =
  /^(PIP_\w+|UV_\w+|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)$/;

/** What pip needs to reach its index; nothing else of our environment reaches it. */
export function pipEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => OF_PIP.test(entry[0]) && entry[1] !== undefined,
    ),
  );
}
