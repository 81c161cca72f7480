import { UserError } from '@spiderhub/hosting';
import type { AdminAction, AdminFlags } from './actions.ts';

/** Tags that get indexes of their own, for pipelines that mark what they have done with another word than `consumed`. */
export const MARKER_ACTIONS: Record<string, AdminAction> = {
  'marker create': {
    usage: '--tag TAG',
    run: async (_store, flags, { markers }) => {
      const { value, created } = await markers.create(tagOf(flags));
      return { ...value, created };
    },
  },
  'marker remove': { usage: '--tag TAG', run: (_store, flags, { markers }) => markers.remove(tagOf(flags)) },
  'marker list': { usage: '', run: (_store, _flags, { markers }) => markers.list() },
};

function tagOf({ tag }: AdminFlags): string {
  if (!tag) throw new UserError('--tag is required');
  return tag;
}
