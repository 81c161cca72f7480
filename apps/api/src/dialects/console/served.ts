import type { Contract } from '@spiderhub/wire';
import type { z } from 'zod';
import type { LiveReply } from '../../http/live.ts';
import { type Call, type Operation, type OperationSpec, operation } from '../../http/operation.ts';
import type { JsonReply, RedirectReply, TextReply } from '../../http/reply.ts';
import type { StreamReply } from '../../http/stream.ts';

type Of<S> = S extends z.ZodType ? z.output<S> : undefined;
type Asks = Pick<OperationSpec, 'action' | 'alsoAsks' | 'statusOf'>;

/** Media types of an answer that is no JSON, or what the JSON is made of. */
function sent(types: readonly string[] | undefined, reply: z.ZodType) {
  return types ? { sends: types } : { reply };
}

/** An operation of our own API: its contract, what the caller has to be allowed to do, and what is done. */
export function served<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType | null,
  R extends z.ZodType,
>(contract: Contract<P, Q, B, R>, asks: Asks | Asks['action']) {
  const { method, path, summary, params, query, body, reply, media, takes, sends, redirects } = contract;
  const rights = typeof asks === 'string' ? { action: asks } : asks;
  const spec: OperationSpec = {
    method,
    path,
    summary,
    params,
    query,
    ...rights,
    ...(body && { body }),
    ...(redirects && { redirects }),
    ...(takes && { takes }),
    ...sent(media ? [media] : sends, reply),
  };
  return (
    handle: (
      call: Call<z.output<P>, z.output<Q>, Of<B>>,
    ) => Promise<z.input<R> | JsonReply<z.input<R>> | LiveReply | RedirectReply | StreamReply | TextReply>,
  ): Operation =>
    operation(spec)(async (call) => {
      // Also where nothing is read of it: what an operation does not know is refused.
      void call.query;
      return handle(call as Call<z.output<P>, z.output<Q>, Of<B>>);
    });
}
