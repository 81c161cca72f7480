import { COMMAND } from '@spiderhub/core';
import { command, created } from './command.ts';
import { required } from './options.ts';
import { someText } from './readers.ts';

const TAG = { tag: required('TAG', someText) };

/** Tags that get indexes of their own, for pipelines that mark what they have done with another word than `consumed`. */
export const MARKER_COMMANDS = [
  command('marker create', TAG, async ({ tag }, { markers }) => created(await markers.create(COMMAND, tag))),
  command('marker remove', TAG, ({ tag }, { markers }) => markers.remove(COMMAND, tag)),
  command('marker list', {}, (_, { markers }) => markers.list()),
];
