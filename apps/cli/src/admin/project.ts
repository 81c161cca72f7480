import {
  COMMAND,
  type Destination,
  formatDestination,
  type NetworkChange,
  parseDestination,
} from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { type AdminAnswer, command, created } from './command.ts';
import { changeOf, LIMITS, weight } from './limit-changes.ts';
import { optional, repeated, required, toggle } from './options.ts';
import { knownName, newName, positive } from './readers.ts';
import { SERVICE_LIMITS, setLimits } from './service-limits.ts';
import type { AdminStores } from './stores.ts';

/** Projects that name no organisation belong to this one. */
const DEFAULT_ORGANISATION = 'default';

const ID = { id: required('NUMBER', positive) };

export const PROJECT_COMMANDS = [
  command(
    'project create',
    {
      name: required('NAME', newName),
      organisation: optional('NAME', knownName),
      id: optional('NUMBER', positive),
      paused: toggle,
    },
    create,
  ),
  command('project pause', ID, ({ id }, { admin }) => admin.setProjectPaused(id, true)),
  command('project resume', ID, ({ id }, { admin }) => admin.setProjectPaused(id, false)),
  command('project list', {}, (_, { admin }) => admin.listProjects()),
  // Without a change the limits are only shown.
  command(
    'project limits',
    { ...ID, ...LIMITS, weight, ...SERVICE_LIMITS },
    async ({ id, limit, ...change }, stores) => {
      const changed = await stores.limits.change(COMMAND, id, null, changeOf(change));
      const service = await setLimits(stores, { project: id }, limit);
      return { ...changed, maxRunning: service.runningJobs.limit, service };
    },
  ),
  // Without a change, what is allowed is only shown.
  command(
    'project network',
    { ...ID, allow: repeated('DESTINATION', place), remove: repeated('DESTINATION', place), show: toggle },
    network,
  ),
];

function place(flag: string, text: string): Destination {
  try {
    return parseDestination(flag, text);
  } catch (error) {
    throw new UserError((error as Error).message);
  }
}

async function network(
  { id, allow, remove }: { id: number } & NetworkChange,
  { networks }: AdminStores,
): Promise<AdminAnswer> {
  const { project, destinations } = await networks.change(COMMAND, id, { allow, remove });
  return { project, allowed: destinations.map(formatDestination) };
}

interface Wanted {
  name: string;
  organisation: string | undefined;
  id: number | undefined;
  paused: boolean;
}

async function create(wanted: Wanted, { admin }: AdminStores): Promise<AdminAnswer> {
  const { name, organisation = DEFAULT_ORGANISATION, id = null, paused } = wanted;
  if (wanted.organisation === undefined) await admin.createOrganisation(organisation);
  const project = await admin.createProject({ id, organisation, name, paused });
  // A project that was there keeps its state unless it is asked to pause.
  if (paused && !project.value.paused) project.value = await admin.setProjectPaused(project.value.id, true);
  return { ...created(project), organisation };
}
