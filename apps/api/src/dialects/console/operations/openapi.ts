import { CONTRACTS, openApiOf, readOpenApi } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import { served } from '../served.ts';

const VERSION = '1';
let document: ReturnType<typeof openApiOf> | undefined;

/** The document is made once: the contracts do not change while we run. */
export const openApiOperation = (): Operation =>
  served(
    readOpenApi,
    'open',
  )(async () => {
    document ??= openApiOf(CONTRACTS, VERSION);
    return document as { openapi: string };
  });
