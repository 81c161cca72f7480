import {
  type CrawlRequest,
  type JobDetails,
  type JobTokens,
  type ProjectStore,
  type ProjectVariables,
  scrapySettings,
  type VersionStore,
} from '@spiderhub/core';

export interface RequestSources {
  versions: Pick<VersionStore, 'find'>;
  projects: Pick<ProjectStore, 'settings'>;
  variables: Pick<ProjectVariables, 'ofSpider'>;
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
  tokens,
  publicUrl,
}: RequestSources): RequestOf {
  return async (job) => {
    const { project, spider } = job.key;
    const [version, settings, seen] = await Promise.all([
      job.version === null ? null : versions.find(project, job.version),
      projects.settings(project),
      variables.ofSpider(project, spider),
    ]);
    return {
      job,
      version,
      projectSettings: scrapySettings(settings),
      variables: seen.values,
      jobToken: tokens.sign(job.key),
      apiUrl: `${publicUrl}/api/`,
      storageUrl: `${publicUrl}/storage`,
    };
  };
}
