import type { JobsRange, ListingStyle, ScrapydState, ScrapydView } from '@spiderhub/core/scrapyd';
import type { Request, Response } from 'express';
import { gathered, sendPieces } from '../../../http/stream.ts';
import { projectIds, type Service } from '../call.ts';
import { LOCAL_TIME_ZONE } from '../times.ts';
import { optional, optionalAs, refused } from '../wire/fields.ts';
import { escapeNonAscii, PythonError } from '../wire/python-text.ts';
import { OK_END, sendText, serviceHeaders } from '../wire/reply.ts';
import { MOST_FINISHED } from './jobs.ts';

const STATES: readonly ScrapydState[] = ['pending', 'running', 'finished'];
const MAX_LIMIT = 1_000_000;

/** An answer up to this length is sent whole, with its length; a longer one flows. */
const WHOLE_CHARACTERS = 256 * 1024;

/**
 * Lists jobs. Beside Scrapyd's `project` it takes `state`, `spider`, `limit` and `offset`, which count in each state.
 */
export const listjobs: Service = async (call) => {
  const { fields, parts, req, res } = call;
  const name = optional(fields, 'project');
  const state = readState(optional(fields, 'state'));
  const spider = optional(fields, 'spider') ?? undefined;
  const limit = optionalAs(fields, 'limit', wholeNumber);
  const offset = optionalAs(fields, 'offset', wholeNumber) ?? 0;
  const range = { projects: await projectIds(call, name), spider, offset };
  const style = { prefix: call.prefix, timeZone: LOCAL_TIME_ZONE, escape: escapeNonAscii };
  const text = listingText(parts.scrapyd.view, state === null ? STATES : [state], range, limit, style);
  await send(req, res, text);
  return null;
};

function readState(text: string | null): ScrapydState | null {
  const state = STATES.find((one) => one === text);
  if (text !== null && !state) throw refused(`state is invalid: expected one of ${STATES.join(', ')}`);
  return state ?? null;
}

function wholeNumber(bytes: Buffer): number {
  const text = bytes.toString('latin1');
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), MAX_LIMIT);
  throw new PythonError('ValueError', 'expected a whole number');
}

/** The whole answer in pieces. Sections that were not asked for are empty. */
async function* listingText(
  view: ScrapydView,
  states: readonly ScrapydState[],
  range: Omit<JobsRange, 'limit'>,
  limit: number | null,
  style: ListingStyle,
): AsyncGenerator<string> {
  // Everything that waits or runs is listed, and of what is over the newest.
  const limits = {
    pending: limit ?? MAX_LIMIT,
    running: limit ?? MAX_LIMIT,
    finished: limit ?? MOST_FINISHED,
  };
  let open: ScrapydState | null = null;
  let written = '';
  for await (const { state, piece } of view.listing(states, range, limits, style)) {
    if (state === open) written = ', ';
    else written = `${between(open, state)}`;
    open = state;
    yield written + piece;
  }
  yield between(open, null) + OK_END;
}

/** Closes the list of one state and opens that of another, with the empty ones between them. */
function between(from: ScrapydState | null, to: ScrapydState | null): string {
  const start = from === null ? 0 : STATES.indexOf(from) + 1;
  const end = to === null ? STATES.length : STATES.indexOf(to);
  let text = from === null ? '{' : ']';
  for (let i = start; i < end; i++) text += `${i === 0 ? '' : ', '}"${STATES[i]}": []`;
  return to === null ? text : `${text}${end === 0 ? '' : ', '}"${to}": [`;
}

async function send(req: Request, res: Response, text: AsyncGenerator<string>): Promise<void> {
  let whole = '';
  for (;;) {
    const next = await text.next();
    if (next.done) return sendText(res, 'GET', whole);
    whole += next.value;
    if (whole.length > WHOLE_CHARACTERS) break;
  }
  const headers = {
    ...serviceHeaders('GET'),
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  };
  await sendPieces(req, res, headers, gathered(behind(whole, text), 'latin1'));
}

async function* behind(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}
