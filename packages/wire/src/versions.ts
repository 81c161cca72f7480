import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Count, Done, None, OfProject, Time } from './fields.ts';

const OfVersion = OfProject.extend({ version: z.string().min(1).max(255) });

export const Version = z
  .strictObject({
    name: z.string(),
    deployedAt: Time,
    deployedBy: z.string(),
    /** New jobs run it unless they name another one. */
    inUse: z.boolean(),
    spiders: Count,
    scripts: Count,
    /** Against the one that was deployed before it; null for the first one. */
    changes: z
      .strictObject({
        added: z.array(z.string()),
        removed: z.array(z.string()),
        requirements: z.strictObject({ added: z.array(z.string()), removed: z.array(z.string()) }),
      })
      .nullable(),
    /** Bytes of its egg. */
    size: Count,
    stack: z.string().nullable(),
    /** Jobs that wait or run with it by name. */
    activeJobs: Count,
  })
  .meta({ id: 'Version' });

const VersionList = z.strictObject({ versions: z.array(Version) }).meta({ id: 'VersionList' });

/** What changes when a version comes into use in place of the present one. */
const UsePreview = z
  .strictObject({
    appear: z.array(z.string()),
    vanish: z.array(z.string()),
    /** Numbers of periodic jobs with spiders that vanish. */
    breaksPeriodic: z.array(z.int()),
  })
  .meta({ id: 'UsePreview' });

export const versionContracts = {
  listVersions: contract({
    id: 'listVersions',
    method: 'get',
    path: '/projects/:project/versions',
    summary: 'Deployed versions, the newest deployment first',
    params: OfProject,
    query: None,
    body: null,
    reply: VersionList,
    errors: READ_ERRORS,
  }),
  readVersion: contract({
    id: 'readVersion',
    method: 'get',
    path: '/projects/:project/versions/:version',
    summary: 'A version with its spiders and requirements',
    params: OfVersion,
    query: None,
    body: null,
    reply: Version.extend({
      spiderNames: z.array(z.string()),
      scriptNames: z.array(z.string()),
      requirements: z.string().nullable(),
      settingsModule: z.string(),
      sha256: z.string(),
      use: UsePreview,
    }).meta({ id: 'VersionDetails' }),
    errors: READ_ERRORS,
  }),
  useVersion: contract({
    id: 'useVersion',
    method: 'post',
    path: '/projects/:project/versions/:version/use',
    summary: 'Bring a version into use, an earlier one, too: new jobs run it from now on',
    params: OfVersion,
    query: None,
    body: None,
    reply: Done,
    errors: WRITE_ERRORS,
  }),
  deleteVersion: contract({
    id: 'deleteVersion',
    method: 'delete',
    path: '/projects/:project/versions/:version',
    summary: 'Delete a version; with the last one the jobs that wait in the project are cancelled',
    params: OfVersion,
    query: None,
    body: null,
    reply: Done,
    errors: WRITE_ERRORS,
  }),
  deployEgg: contract({
    id: 'deployEgg',
    method: 'post',
    path: '/projects/:project/versions',
    summary:
      'Deploy an egg: a form with `version`, `egg`, and perhaps `stack`, `requirements` and `eggs`. The answer is the log of the build as it goes; its last line is JSON, `{"status":"ok","version":...,"spiders":...}` or `{"status":"error","message":...}`',
    params: OfProject,
    query: None,
    body: null,
    takes: ['multipart/form-data'],
    reply: z.string(),
    sends: ['text/plain'],
    errors: WRITE_ERRORS,
  }),
};
