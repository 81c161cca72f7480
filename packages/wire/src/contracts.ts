import { z } from 'zod';
import { organisationAudit, projectAudit, wholeAudit } from './audit.ts';
import { type Contract, contract } from './contract.ts';
import { READ_ERRORS } from './errors.ts';
import { eventContracts } from './events.ts';
import { None } from './fields.ts';
import { jobContracts } from './jobs/index.ts';
import { organisationKeys, ownKeys, projectKeys } from './keys.ts';
import { limitContracts } from './limits.ts';
import { linkContracts } from './links.ts';
import { makePasswordLink, organisationMembers, projectMembers } from './members.ts';
import { openIdContracts } from './openid.ts';
import { organisationContracts, projectContracts } from './organisations.ts';
import { overviewContracts } from './overview.ts';
import { ruleContracts } from './rules.ts';
import { scheduleContracts } from './schedules.ts';
import { readServer } from './server.ts';
import { sessionContracts } from './session.ts';
import { spiderContracts } from './spiders.ts';
import { streamContracts } from './streams.ts';
import { usageContracts } from './usage.ts';
import { settingContracts, variableContracts } from './variables.ts';
import { versionContracts } from './versions.ts';
import { webhookContracts } from './webhooks.ts';

export const readOpenApi = contract({
  id: 'readOpenApi',
  method: 'get',
  path: '/openapi.json',
  summary: 'This document',
  params: None,
  query: None,
  body: null,
  reply: z.looseObject({ openapi: z.string() }),
  errors: READ_ERRORS,
  isOpen: true,
});

/** Every operation of `/console`, in the order of its document. */
export const CONTRACTS: readonly Contract[] = [
  ...Object.values(sessionContracts),
  ...Object.values(openIdContracts),
  ...Object.values(linkContracts),
  ...Object.values(organisationContracts),
  ...Object.values(organisationMembers),
  makePasswordLink,
  ...Object.values(projectContracts),
  ...Object.values(projectMembers),
  ...Object.values(limitContracts),
  ...Object.values(usageContracts),
  ...Object.values(eventContracts),
  ...Object.values(streamContracts),
  ...Object.values(scheduleContracts),
  ...Object.values(variableContracts),
  ...Object.values(settingContracts),
  ...Object.values(jobContracts),
  ...Object.values(spiderContracts),
  ...Object.values(versionContracts),
  ...Object.values(overviewContracts),
  readServer,
  ...Object.values(webhookContracts),
  ...Object.values(ruleContracts),
  ...Object.values(ownKeys),
  ...Object.values(projectKeys),
  ...Object.values(organisationKeys),
  ...Object.values(organisationAudit),
  ...Object.values(projectAudit),
  ...Object.values(wholeAudit),
  readOpenApi,
];
