const OF_ENGINES =
  /^(PATH|HOME|USER|TMPDIR|XDG_\w+|DBUS_SESSION_BUS_ADDRESS|DOCKER_\w+|CONTAINER_(HOST|SSHKEY|CONNECTION)|CONTAINERS_\w+|REGISTRY_AUTH_FILE|SSL_CERT_(FILE|DIR)|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)$/;

/** What a container engine needs to find its settings, its storage and registries; nothing else of ours reaches it. */
export function engineEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => OF_ENGINES.test(entry[0]) && entry[1] !== undefined,
    ),
  );
}
