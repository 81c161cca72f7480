import { COMMAND } from '@spiderhub/core';
import { command } from './command.ts';
import { changeOf, LIMITS } from './limit-changes.ts';
import { required } from './options.ts';
import { positive, someText } from './readers.ts';

export const SPIDER_COMMANDS = [
  command(
    'spider limits',
    { project: required('NUMBER', positive), name: required('SPIDER', someText), ...LIMITS },
    ({ project, name, ...limits }, stores) => stores.limits.change(COMMAND, project, name, changeOf(limits)),
  ),
];
