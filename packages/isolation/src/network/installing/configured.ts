/** What the operator tells installers of packages about the network. */
export interface ConfiguredNetwork {
  /** Whether a host and port stand in it: an index, or a place of files. */
  names(host: string, port: number): boolean;
  /** The proxy that leads to a host, as URL; null when it is reached directly. */
  proxyTo(protocol: 'http' | 'https', host: string, port: number): URL | null;
}

const URLS = /https?:\/\/[^\s'",;<>]+/gi;
/** Where packages come from unless something else is said. A machine may lead these names to a mirror of its own. */
const DEFAULTS = ['https://pypi.org/', 'https://files.pythonhosted.org/'];
const OF_PROXIES = /^(https?_proxy|no_proxy|pip_proxy)$/i;

/**
 * Reads variables (`PIP_*`, `UV_*`, those of proxies) and the texts of pip's and uv's files of configuration. Every URL in
 * there is the operator's own word, whatever option it belongs to.
 */
export function configuredNetwork(
  env: Readonly<Record<string, string>>,
  files: readonly string[],
): ConfiguredNetwork {
  const variables = Object.entries(env).flatMap(([name, value]) => (OF_PROXIES.test(name) ? [] : [value]));
  const lines = files.flatMap((text) => text.split('\n')).filter((line) => !/^\s*[#;]/.test(line));
  const isProxy = (line: string) => /^\s*proxy\s*[=:]/.test(line);
  const texts = [...DEFAULTS, ...variables, ...lines.filter((line) => !isProxy(line))];
  const places = new Set(
    texts.flatMap((text) => (text.match(URLS) ?? []).filter((url) => URL.canParse(url)).map(placeOf)),
  );
  const ofPip = env.PIP_PROXY ?? lines.find(isProxy)?.replace(/^[^=:]*[=:]\s*/, '');
  const direct = (env.no_proxy ?? env.NO_PROXY ?? '').split(',').map((one) => one.trim().toLowerCase());
  return {
    names: (host, port) => places.has(place(host, port)),
    proxyTo(protocol, host, port) {
      const upper = protocol === 'https' ? env.HTTPS_PROXY : env.HTTP_PROXY;
      const said = ofPip ?? env[`${protocol}_proxy`] ?? upper;
      return said && !direct.some((one) => covers(one, host, port)) ? proxyUrl(said.trim()) : null;
    },
  };
}

/** Variables of an installer without those that lead it to a proxy of the operator's, which another one stands before. */
export function withoutProxies(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OF_PROXIES.test(name)));
}

function placeOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return place(hostname, Number(port || (protocol === 'https:' ? 443 : 80)));
}

function place(host: string, port: number): string {
  return `${host.replace(/^\[(.*)\]$/, '$1').toLowerCase()} ${port}`;
}

/** `*`, a host, or the end of its name, with a port or for all. */
function covers(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [, name = '', only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (name === '' || (only !== undefined && Number(only) !== port)) return false;
  const asked = host.toLowerCase();
  return asked === name || asked.endsWith(`.${name}`);
}

function proxyUrl(said: string): URL | null {
  const url = /^\w+:\/\//.test(said) ? said : `http://${said}`;
  return URL.canParse(url) ? new URL(url) : null;
}
