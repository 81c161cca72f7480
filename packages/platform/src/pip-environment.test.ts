import { pipEnvironment } from './pip-environment.ts';

it('passes on what leads pip to its index, and no secret of the service', () => {
  const ofPip = {
    PIP_INDEX_URL: 'https://mirror/simple',
    UV_INDEX_URL: 'https://mirror/simple',
    SSL_CERT_FILE: '/ca.pem',
    REQUESTS_CA_BUNDLE: '/ca.pem',
    https_proxy: 'http://proxy',
    HTTP_PROXY: 'http://proxy',
    NO_PROXY: 'localhost',
  };
  const ours = {
    DATABASE_URL: 'postgresql://me:secret@db/hub',
    REDIS_URL: 'redis://x',
    PATH: '/bin',
    XPIP_A: 'x',
  };
  expect(pipEnvironment({ ...ofPip, ...ours, PIP_CERT: undefined })).toEqual(ofPip);
});
