import { configuredNetwork, withoutProxies } from './configured.ts';

describe('what installers are told about the network', () => {
  test.each([
    [{ PIP_INDEX_URL: 'http://10.0.0.5:8080/simple' }, '', '10.0.0.5', 8080],
    [{ PIP_INDEX_URL: 'https://me:secret@Index.corp/simple/' }, '', 'index.corp', 443],
    [{ PIP_EXTRA_INDEX_URL: 'https://a.corp/x http://b.corp/y' }, '', 'b.corp', 80],
    [{ UV_INDEX: 'mine=https://c.corp:8443/simple' }, '', 'c.corp', 8443],
    [{}, '[global]\nindex-url = https://d.corp/simple\n', 'd.corp', 443],
    [{}, '[install]\nfind-links =\n  /srv/wheels\n  http://[fd00::5]:81/wheels\n', 'fd00::5', 81],
    [{}, '[[index]]\nurl = "https://e.corp/simple"\n', 'e.corp', 443],
    [{}, '', 'pypi.org', 443],
    [{}, '', 'files.pythonhosted.org', 443],
  ])('%j and %j name %s port %d', (env, file, host, port) => {
    const { names } = configuredNetwork(env as Record<string, string>, [file]);
    expect(names(host, port)).toBe(true);
    expect(names(host, port + 1)).toBe(false);
    expect(names(`x.${host}`, port)).toBe(false);
  });

  test.each([
    [{ PIP_TRUSTED_HOST: '10.0.0.5' }, ''],
    [{ http_proxy: 'http://10.0.0.5', PIP_PROXY: 'http://10.0.0.5' }, ''],
    [{}, '# index-url = http://10.0.0.5/simple\nproxy = http://10.0.0.5\n'],
  ])('%j and %j name no index', (env, file) => {
    expect(configuredNetwork(env as Record<string, string>, [file]).names('10.0.0.5', 80)).toBe(false);
  });

  const proxy = (env: Record<string, string>, file = '', host = 'pypi.org') =>
    configuredNetwork(env, [file]).proxyTo('https', host, 443)?.href ?? null;

  test("the operator's proxy is found as pip finds it", () => {
    expect(proxy({})).toBeNull();
    expect(proxy({ https_proxy: 'http://one:1', HTTPS_PROXY: 'http://two:2' })).toBe('http://one:1/');
    expect(proxy({ HTTP_PROXY: 'http://two:2' })).toBeNull();
    expect(proxy({ https_proxy: 'http://one:1' }, '[global]\nproxy = me:word@three:3\n')).toBe(
      'http://me:word@three:3/',
    );
    expect(proxy({ https_proxy: 'http://one:1', PIP_PROXY: 'http://four:4' })).toBe('http://four:4/');
  });

  test.each([
    ['*', true],
    ['index.corp', true],
    ['.corp', true],
    ['corp', true],
    ['*.corp', true],
    ['index.corp:443', true],
    ['index.corp:8443', false],
    ['dex.corp', false],
    ['', false],
  ])('NO_PROXY=%s leaves index.corp alone: %s', (NO_PROXY, isDirect) => {
    const said = proxy({ https_proxy: 'http://one:1', NO_PROXY: `other, ${NO_PROXY}` }, '', 'index.corp');
    expect(said === null).toBe(isDirect);
  });

  test('none of it stays where another proxy stands before', () => {
    const env = { https_proxy: 'x', HTTP_PROXY: 'x', no_proxy: 'x', PIP_PROXY: 'x', PIP_INDEX_URL: 'y' };
    expect(withoutProxies(env)).toEqual({ PIP_INDEX_URL: 'y' });
  });
});
