import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** A request as those see it who read its body: a stream of bytes with headers. A test can make one without HTTP. */
export type Incoming = Readable & { readonly headers: IncomingHttpHeaders };
