import supertest from 'supertest';
import { type ApiUnderTest, startApi } from './support.ts';

let api: ApiUnderTest;
let project: number;

beforeAll(async () => {
  api = await startApi();
});
beforeEach(async () => {
  await api.renew();
  project = api.team.project;
});
afterAll(() => api.close());

const PAGE = {
  origin: 'https://dashboard.example',
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'cors',
};
const path = () => `/storage/jobq/${project}/count`;

describe('a page of another site', () => {
  it('reads the storage with a key in the address', async () => {
    const answer = await api.get(`${path()}?apikey=${api.team.key}`, null).set(PAGE);
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    expect((await api.get(`${path()}?apikey=wrong`, null).set(PAGE)).status).toBe(401);
  });

  it('reads with a key in a header that it may send only after a preflight', async () => {
    expect((await api.get(path()).set({ ...PAGE, 'x-requested-with': 'XMLHttpRequest' })).status).toBe(200);
  });

  it('gets an answer to its preflight, without a key', async () => {
    const asked = { ...PAGE, 'access-control-request-method': 'GET' };
    const answer = await supertest(api.server).options(path()).set(asked);
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'Authorization, X-Requested-With',
    });
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    expect((await supertest(api.server).options(path())).status).toBe(405);
  });

  it('never uses what the browser remembers', async () => {
    expect((await api.get(path()).set(PAGE)).status).toBe(403);
    expect((await api.get(`${path()}?apikey=${api.team.key}`).set(PAGE)).status).toBe(403);
  });

  it('changes nothing, whatever it shows', async () => {
    const shown = { ...PAGE, 'x-requested-with': 'XMLHttpRequest' };
    const push = `/storage/jobq/${project}/push`;
    expect((await api.post(`${push}?apikey=${api.team.key}`, '{"spider":"a"}', null).set(shown)).status).toBe(
      403,
    );
    expect((await api.post(push, '{"spider":"a"}').set(shown)).status).toBe(403);
    expect((await api.get(`${path()}?state=pending`)).body).toBe(0);
  });

  it('reads nothing of the Jobs API and of Scrapyd', async () => {
    for (const other of [`/api/jobs/list.json?project=${project}&`, '/scrapyd/listprojects.json?']) {
      expect((await api.get(`${other}apikey=${api.team.key}`, null).set(PAGE)).status).toBe(403);
    }
  });
});
