import {
  type CrawlRequest,
  type JobDetails,
  type JobTokens,
  type ProjectStore,
  type ProjectVariables,
  type RegistryLogins,
  type SecretSettings,
  type SpiderStore,
  scrapySettings,
  type VersionStore,
} from '@spiderhub/core';

export interface RequestSources {
  versions: Pick<VersionStore, 'find'>;
  projects: Pick<ProjectStore, 'settings'>;
  spiders: Pick<SpiderStore, 'settings'>;
  variables: Pick<ProjectVariables, 'ofSpider'>;
  secretSettings: Pick<SecretSettings, 'of'>;
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
  spiders,
  variables,
  secretSettings,
  registryLogins,
  tokens,
  publicUrl,
}: RequestSources): RequestOf {
  return async (job) => {
    const { project, spider } = job.key;
    const [version, seen, ofProject, ofSpider, projectSecrets, spiderSecrets] = await Promise.all([
      job.version === null ? null : versions.find(project, job.version),
      variables.ofSpider(project, spider),
      projects.settings(project),
      spiders.settings(project, spider),
      secretSettings.of(project, 0),
      secretSettings.of(project, spider),
    ]);
    const registryLogin = version?.image ? await registryLogins.of(project, version.image) : null;
    return {
      job,
      version,
      registryLogin,
      projectSettings: { ...scrapySettings(ofProject), ...projectSecrets },
      spiderSettings: { ...scrapySettings(ofSpider), ...spiderSecrets },
      variables: seen.values,
      hidden: [
        registryLogin?.password ?? '',
        ...[projectSecrets, spiderSecrets].flatMap((secrets) => Object.values(secrets).flatMap(textsIn)),
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
