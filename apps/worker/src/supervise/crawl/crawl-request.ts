import {
  type CrawlRequest,
  type JobDetails,
  type JobTokens,
  type ProjectStore,
  type ProjectVariables,
  type RegistryLogins,
  type SecretSettings,
  scrapySettings,
  type VersionStore,
} from '@spiderhub/core';

export interface RequestSources {
  versions: Pick<VersionStore, 'find'>;
  projects: Pick<ProjectStore, 'settings'>;
  variables: Pick<ProjectVariables, 'ofSpider'>;
  secretSettings: Pick<SecretSettings, 'ofProject'>;
  registryLogins: Pick<RegistryLogins, 'of'>;
  tokens: Pick<JobTokens, 'sign'>;
  /** Where crawls reach the API of this installation, without slash at its end. */
  publicUrl: string;
}

/** What a crawl is started with, without how long it may live. */
export type RequestOf = (job: JobDetails) => Promise<Omit<CrawlRequest, 'leaseMs'>>;

/** Brings together what a job runs, and what it may know of this installation. */
export function requestsFrom({
  versions,
  projects,
  variables,
  secretSettings,
  registryLogins,
  tokens,
  publicUrl,
}: RequestSources): RequestOf {
  return async (job) => {
    const { project, spider } = job.key;
    const [version, settings, seen, secrets] = await Promise.all([
      job.version === null ? null : versions.find(project, job.version),
      projects.settings(project),
      variables.ofSpider(project, spider),
      secretSettings.ofProject(project),
    ]);
    const registryLogin = version?.image ? await registryLogins.of(project, version.image) : null;
    return {
      job,
      version,
      registryLogin,
      projectSettings: { ...scrapySettings(settings), ...secrets },
      variables: seen.values,
      hidden: [
        registryLogin?.password ?? '',
        ...Object.values(secrets).flatMap(textsIn),
        ...seen.secrets.map((name) => seen.values[name] ?? ''),
      ],
      jobToken: tokens.sign(job.key),
      apiUrl: `${publicUrl}/api/`,
      storageUrl: `${publicUrl}/storage`,
    };
  };
}

/** All strings in a JSON text. */
function textsIn(json: string): string[] {
  const found: string[] = [];
  JSON.parse(json, (_name, value: unknown) => {
    if (typeof value === 'string') found.push(value);
    return value;
  });
  return found;
}
